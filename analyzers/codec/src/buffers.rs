//! Input and output of one call, and what is carried from call to call.

/// What has arrived, and how far it has been used.
pub(crate) struct Input<'a> {
    octets: &'a [u8],
    used: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { octets, used: 0 }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.octets.get(self.used..).unwrap_or_default()
    }

    /// Takes at most so many octets.
    pub(crate) fn take(&mut self, most: usize) -> &'a [u8] {
        let rest = self.rest();
        let taken = rest.get(..most).unwrap_or(rest);
        self.used = self.used.saturating_add(taken.len());
        taken
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

/// What goes out, within the room given.
pub(crate) struct Output {
    octets: Vec<u8>,
    room: usize,
}

impl Output {
    pub(crate) fn new(room: usize) -> Self {
        Self { octets: Vec::new(), room }
    }

    pub(crate) fn left(&self) -> usize {
        self.room.saturating_sub(self.octets.len())
    }

    /// Adds as much as there is room for; answers how much that was.
    pub(crate) fn put(&mut self, octets: &[u8]) -> usize {
        let fitting = octets.get(..self.left()).unwrap_or(octets);
        self.octets.extend_from_slice(fitting);
        fitting.len()
    }

    /// Adds so many octets, which `fill` writes.
    pub(crate) fn fill<E>(
        &mut self,
        octets: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let before = self.octets.len();
        self.octets.resize(before.saturating_add(octets.min(self.left())), 0);
        let written = fill(self.octets.get_mut(before..).unwrap_or_default())?;
        self.octets.truncate(before.saturating_add(written));
        Ok(written)
    }

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.octets
    }
}

/// Collects a header or a block until it is whole.
#[derive(Default)]
pub(crate) struct Gather {
    octets: Vec<u8>,
}

impl Gather {
    /// The collected octets once there are `wanted` of them; `None` when the input ends before.
    pub(crate) fn whole(&mut self, input: &mut Input, wanted: usize) -> Option<&[u8]> {
        let missing = wanted.saturating_sub(self.octets.len());
        self.octets.extend_from_slice(input.take(missing));
        (self.octets.len() >= wanted).then_some(self.octets.as_slice())
    }

    /// As [`Gather::whole`], for a header of fixed size, and begins anew.
    pub(crate) fn array<const N: usize>(&mut self, input: &mut Input) -> Option<[u8; N]> {
        let array = *self.whole(input, N)?.first_chunk::<N>()?;
        self.clear();
        Some(array)
    }

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) fn clear(&mut self) {
        self.octets.clear();
    }
}
