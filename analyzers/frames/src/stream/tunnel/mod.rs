//! What ICMP echoes and DNS names carry, as far as it can be recognised.

pub mod codec;
pub mod echo;
pub mod names;
