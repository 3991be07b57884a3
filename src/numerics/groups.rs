//! Rows in groups of equal keys, such as the rows of a class.

/// The rows of each key.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// Ascending.
    keys: Vec<usize>,
    /// Which of the keys each row has.
    places: Vec<usize>,
    /// The rows of the first key, ascending, then those of the second, and so on.
    rows: Vec<usize>,
    /// Where the rows of each key begin, and where the last ones end.
    starts: Vec<usize>,
}

impl Groups {
    /// Of rows with these keys.
    pub fn of(keys: &[usize]) -> Self {
        let mut distinct = keys.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let places: Vec<usize> = keys.iter().map(|key| distinct.partition_point(|other| other < key)).collect();
        let mut starts = vec![0; distinct.len() + 1];
        places.iter().for_each(|place| starts[place + 1] += 1);
        (1..starts.len()).for_each(|group| starts[group] += starts[group - 1]);
        let mut rows = vec![0; keys.len()];
        let mut next = starts.clone();
        for (row, &place) in places.iter().enumerate() {
            rows[next[place]] = row;
            next[place] += 1;
        }
        Self { keys: distinct, places, rows, starts }
    }

    /// The rows of a key, ascending; none of one that no row has.
    pub fn rows_of(&self, key: usize) -> &[usize] {
        self.keys.binary_search(&key).map_or(&[], |place| self.group(place))
    }

    /// The rows of the key of this row, ascending.
    pub fn with(&self, row: usize) -> &[usize] {
        self.group(self.places[row])
    }

    fn group(&self, place: usize) -> &[usize] {
        &self.rows[self.starts[place]..self.starts[place + 1]]
    }

    /// The groups, by ascending key.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.starts.windows(2).map(|ends| &self.rows[ends[0]..ends[1]])
    }
}

#[cfg(test)]
mod tests {
    use super::Groups;

    #[test]
    fn every_row_is_in_the_group_of_its_key() {
        let groups = Groups::of(&[7, 2, 7, usize::MAX, 2, 7]);
        assert_eq!(groups.rows_of(7), [0, 2, 5]);
        assert_eq!(groups.rows_of(2), [1, 4]);
        assert_eq!(groups.rows_of(usize::MAX), [3]);
        assert_eq!([groups.with(4), groups.with(3)], [&[1, 4][..], &[3]]);
        assert!(groups.rows_of(3).is_empty());
        assert_eq!(groups.iter().collect::<Vec<_>>(), [&[1, 4][..], &[0, 2, 5], &[3]]);
        assert!(Groups::of(&[]).rows_of(0).is_empty());
    }
}
