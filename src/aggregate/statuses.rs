//! Responses by status code.

/// Counts by status code, ascending: a leg has few, and nearly every response is counted here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statuses(Vec<(u16, u64)>);

impl Statuses {
    /// Counts `responses` with this status.
    #[inline]
    pub fn count(&mut self, status: u16, responses: u64) {
        // Nearly always there is one alone, or the least of them: 200.
        match self.0.first_mut() {
            Some((least, count)) if *least == status => *count = count.saturating_add(responses),
            _ => self.count_other(status, responses),
        }
    }

    #[inline(never)]
    fn count_other(&mut self, status: u16, responses: u64) {
        match self.0.binary_search_by_key(&status, |(known, _)| *known) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(responses),
            Err(place) => self.0.insert(place, (status, responses)),
        }
    }

    /// One of them was none. Returns whether there was one.
    pub(super) fn take_back(&mut self, status: u16) -> bool {
        let Ok(place) = self.0.binary_search_by_key(&status, |(known, _)| *known) else {
            return false;
        };
        self.0[place].1 -= 1;
        if self.0[place].1 == 0 {
            self.0.remove(place);
        }
        true
    }

    /// Responses with this status.
    #[must_use]
    pub fn get(&self, status: u16) -> u64 {
        let place = self.0.binary_search_by_key(&status, |(known, _)| *known);
        place.map_or(0, |place| self.0[place].1)
    }

    /// Every status that there is and its count, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<(u16, u64)> for Statuses {
    fn from_iter<I: IntoIterator<Item = (u16, u64)>>(counts: I) -> Self {
        let mut statuses = Self::default();
        for (status, responses) in counts {
            statuses.count(status, responses);
        }
        statuses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_was_never_there() {
        let mut statuses: Statuses = [(502, 1), (200, 2)].into_iter().collect();
        assert!(statuses.take_back(502) && !statuses.take_back(404) && statuses.take_back(200));
        assert_eq!(statuses.iter().collect::<Vec<_>>(), [(200, 1)]);
        assert_eq!((statuses.get(200), statuses.get(502)), (1, 0));
    }
}
