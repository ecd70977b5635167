//! What is generated is the same for the same seed, and is what analyzers count.
