//! A summary of a whole column of a table, from one pass over it: small, however many rows there are.

use super::field::{Field, Notation, read_list};
use super::listing::shown;

/// Values that are kept as examples.
const EXAMPLES: usize = 3;

/// A field that is remembered: the first of its kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub line: u64,
    pub found: String,
}

/// Counts of the fields of a column, by what they are, with the first of each kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Column {
    /// Fields altogether.
    pub fields: usize,
    /// Fields that are numbers.
    pub numbers: usize,
    /// Numbers without a fractional part.
    pub whole: usize,
    /// Numbers that are written without point and exponent.
    pub written_whole: usize,
    /// Numbers that are not zero.
    pub not_zero: usize,
    /// Fields that are text.
    pub texts: usize,
    /// Fields that are lists.
    pub lists: usize,
    /// Fields without a letter.
    pub empty: usize,
    /// The first few numbers.
    pub examples: Vec<f64>,
    pub missing: Option<Place>,
    pub text: Option<Place>,
    pub foreign: Option<(Place, Notation)>,
    /// The first list with its length.
    pub list: Option<(u64, usize)>,
    /// The first list that cannot be read, or that has another length than the first.
    pub bad_list: Option<Place>,
    sum: f64,
    largest: f64,
    smallest: Option<f64>,
    last: f64,
    step: Option<f64>,
    is_uneven: bool,
}

impl Column {
    /// One more field, below those before.
    pub fn add(&mut self, line: u64, text: &str, field: Field) {
        self.fields += 1;
        let place = || Place { line, found: shown(text) };
        match field {
            Field::Number { value, whole } => self.add_number(value, whole),
            Field::Missing => {
                self.empty += usize::from(text.is_empty());
                self.missing.get_or_insert_with(place);
            }
            Field::Foreign(notation) => {
                self.foreign.get_or_insert_with(|| (place(), notation));
            }
            Field::Text => {
                self.texts += 1;
                self.text.get_or_insert_with(place);
            }
            Field::List => {
                self.lists += 1;
                let found = match read_list(text, &mut Vec::new()) {
                    Err(found) => Some(found),
                    Ok(length) => {
                        let (first, expected) = *self.list.get_or_insert((line, length));
                        let words = || {
                            format!("a list of {length} numbers, where line {first} has {expected}; all need as many")
                        };
                        (length != expected).then(words)
                    }
                };
                if let (Some(found), None) = (found, &self.bad_list) {
                    self.bad_list = Some(Place { line, found });
                }
            }
        }
    }

    fn add_number(&mut self, value: f64, whole: bool) {
        if self.numbers > 0 {
            let step = value - self.last;
            self.is_uneven |= *self.step.get_or_insert(step) != step;
        }
        self.last = value;
        self.numbers += 1;
        self.whole += usize::from(value.fract() == 0.0);
        self.written_whole += usize::from(whole);
        self.not_zero += usize::from(value != 0.0);
        self.sum += value.abs();
        self.largest = self.largest.max(value.abs());
        self.smallest = Some(self.smallest.map_or(value.abs(), |smallest| smallest.min(value.abs())));
        if self.examples.len() < EXAMPLES {
            self.examples.push(value);
        }
    }

    /// Whether every field is a number, a gap, or a number in another notation.
    pub fn is_numeric(&self) -> bool {
        self.texts == 0 && self.lists == 0 && (self.numbers > 0 || self.foreign.is_some())
    }

    /// Whether it holds text and no number: names, labels.
    pub fn is_text(&self) -> bool {
        self.texts > 0 && self.numbers == 0 && self.lists == 0
    }

    /// Whether it holds lists of numbers and nothing else.
    pub fn is_of_lists(&self) -> bool {
        self.lists > 0 && self.texts == 0 && self.numbers == 0
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.fields > 0 && self.empty == self.fields
    }

    /// Whether every field is a whole number.
    pub fn is_whole(&self) -> bool {
        self.fields > 0 && self.whole == self.fields
    }

    /// Whether every field is a number written without point and exponent.
    pub fn is_written_whole(&self) -> bool {
        self.fields > 0 && self.written_whole == self.fields
    }

    /// Whether whole numbers follow each other in equal steps. One number is such a ramp too.
    pub fn is_ramp(&self) -> bool {
        self.is_whole() && !self.is_uneven && self.step != Some(0.0)
    }

    /// The step between numbers, where there are two.
    pub fn step(&self) -> Option<f64> {
        self.step
    }

    /// The mean of the absolute values.
    pub fn mean(&self) -> f64 {
        self.sum / self.numbers.max(1) as f64
    }

    /// The largest absolute value.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// The smallest absolute value.
    pub fn smallest(&self) -> f64 {
        self.smallest.unwrap_or(0.0)
    }

    /// This column with one field above the others.
    pub fn below(self, line: u64, text: &str, field: Field) -> Self {
        let mut all = Self::default();
        all.add(line, text, field);
        if all.numbers > 0 && self.numbers > 0 {
            let step = self.examples[0] - all.last;
            all.is_uneven = self.is_uneven || self.step.is_some_and(|later| later != step);
            all.step = Some(step);
        } else {
            (all.step, all.is_uneven) = (self.step, self.is_uneven);
        }
        if let (Some((_, length)), Some((later, found)), None) = (all.list, self.list, &all.bad_list)
            && length != found
        {
            let found = format!("a list of {found} numbers, where line {line} has {length}; all need as many");
            all.bad_list = Some(Place { line: later, found });
        }
        let examples = all.examples.into_iter().chain(self.examples).take(EXAMPLES).collect();
        let smallest = all.smallest.into_iter().chain(self.smallest).reduce(f64::min);
        Self {
            fields: all.fields + self.fields,
            numbers: all.numbers + self.numbers,
            whole: all.whole + self.whole,
            written_whole: all.written_whole + self.written_whole,
            not_zero: all.not_zero + self.not_zero,
            texts: all.texts + self.texts,
            lists: all.lists + self.lists,
            empty: all.empty + self.empty,
            examples,
            missing: all.missing.or(self.missing),
            text: all.text.or(self.text),
            foreign: all.foreign.or(self.foreign),
            list: all.list.or(self.list),
            bad_list: all.bad_list.or(self.bad_list),
            sum: all.sum + self.sum,
            largest: all.largest.max(self.largest),
            smallest,
            last: if self.numbers > 0 { self.last } else { all.last },
            step: all.step,
            is_uneven: all.is_uneven,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str]) -> Column {
        let mut column = Column::default();
        for (row, text) in texts.iter().enumerate() {
            column.add(row as u64 + 1, text, Field::of(text));
        }
        column
    }

    #[test]
    fn a_field_above_counts_as_if_it_had_come_first() {
        for texts in [
            ["1", "2", "3"].as_slice(),
            &["2", "2", "3"],
            &["cat", "2", "3"],
            &["0.5", "nan", "-7"],
            &["0.5"],
            &["[1, 2]", "[3]"],
            &["1;2", "", "dog"],
        ] {
            let mut later = Column::default();
            for (row, text) in texts.iter().enumerate().skip(1) {
                later.add(row as u64 + 1, text, Field::of(text));
            }
            assert_eq!(later.below(1, texts[0], Field::of(texts[0])), column(texts), "{texts:?}");
        }
        // Which list is reported as different depends on where the pass began; that one differs does not.
        let mut later = Column::default();
        later.add(2, "[3, 4]", Field::List);
        later.add(3, "[5]", Field::List);
        assert_eq!(later.below(1, "[1, 2]", Field::List).bad_list.unwrap().line, 3);
    }

    #[test]
    fn a_ramp_has_equal_steps_of_whole_numbers() {
        assert!(column(&["7"]).is_ramp() && column(&["7", "8"]).is_ramp() && column(&["20", "10", "0"]).is_ramp());
        assert!(column(&["1.0", "2.0"]).is_ramp());
        for texts in [["1", "1", "1"], ["1", "2", "4"], ["0.5", "1.5", "2.5"], ["1", "2", "x"]] {
            assert!(!column(&texts).is_ramp(), "{texts:?}");
        }
    }
}
