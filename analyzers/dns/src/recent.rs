//! Where the tables have the addresses that came last.

use std::net::IpAddr;

use mcpcap_analyzer::stats::Place;

/// Addresses of which the place is remembered. Two with one number take turns.
const REMEMBERED: usize = 256;

/// Remembers for one table where addresses, or pairs of them, were, so that they need not be hashed again. It only says where to look first,
/// so what it forgets changes nothing.
pub struct Recent {
    places: [Place; REMEMBERED],
    /// For a number that there is not, which does not happen.
    none: Place,
}

impl Recent {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { places: [Place::default(); REMEMBERED], none: Place::default() }
    }

    /// Where an address may be.
    pub fn of(&mut self, address: IpAddr) -> &mut Place {
        self.place(bits(address))
    }

    /// Where a pair may be.
    pub fn of_both(&mut self, one: IpAddr, other: IpAddr) -> &mut Place {
        self.place(bits(one).wrapping_mul(3).wrapping_add(bits(other)))
    }

    fn place(&mut self, bits: u64) -> &mut Place {
        let number = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        self.places.get_mut(number as usize).unwrap_or(&mut self.none)
    }
}

fn bits(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            (bits >> 64) as u64 ^ bits as u64
        }
    }
}
