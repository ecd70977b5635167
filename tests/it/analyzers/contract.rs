//! The contract: what was published of it stays, and components that were made for it keep working.
