//! The positives of every row.

use crate::numerics::groups::Groups;

/// The positives of every row, at least one each. Row k is a positive of row i if row i is one of row k.
#[derive(Clone, Debug)]
pub(super) enum Positives {
    /// Those of row after row.
    Listed {
        columns: Vec<usize>,
        /// Where those of each row begin, and where the last ones end.
        starts: Vec<usize>,
    },
    /// All other rows of its class.
    OfClass(Groups),
}

impl Positives {
    /// From the positives of row after row.
    pub fn of_rows(rows: impl Iterator<Item = impl IntoIterator<Item = usize>>) -> Self {
        let (mut columns, mut starts) = (Vec::new(), vec![0]);
        for row in rows {
            columns.extend(row);
            starts.push(columns.len());
        }
        Self::Listed { columns, starts }
    }

    /// Those of one row, ascending where they are of its class.
    pub fn of(&self, row: usize) -> OfRow<'_> {
        match self {
            Self::Listed { columns, starts } => OfRow([&columns[starts[row]..starts[row + 1]], &[]]),
            Self::OfClass(classes) => {
                let (before, after) =
                    classes.with(row).split_at(classes.with(row).partition_point(|&other| other < row));
                OfRow([before, &after[1..]])
            }
        }
    }
}

/// The positives of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfRow<'a>([&'a [usize]; 2]);

impl<'a> OfRow<'a> {
    pub fn count(self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    pub fn iter(self) -> impl Iterator<Item = usize> + Clone + 'a {
        let [before, after] = self.0;
        before.iter().chain(after).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Positives;
    use crate::numerics::groups::Groups;

    #[test]
    fn other_rows_of_a_class_are_the_positives_of_each() {
        let positives = Positives::OfClass(Groups::of(&[4, 1, 4, 4, 1]));
        let all: Vec<Vec<usize>> = (0..5).map(|row| positives.of(row).iter().collect()).collect();
        assert_eq!(all, [vec![2, 3], vec![4], vec![0, 3], vec![0, 2], vec![1]]);
        assert_eq!(positives.of(3).count(), 2);
        let listed = Positives::of_rows(all.iter().cloned());
        assert!((0..5).all(|row| listed.of(row).iter().eq(positives.of(row).iter())));
    }
}
