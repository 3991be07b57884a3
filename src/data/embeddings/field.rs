//! What one field of a table is: a number, a missing value, a number of another notation, a list, or text.

/// Words that stand for a missing value, in small letters: those of pandas, R, spreadsheets, databases and people.
const MISSING: [&str; 25] = [
    "na",
    "n/a",
    "<na>",
    "nan",
    "-nan",
    "+nan",
    "nat",
    "null",
    "none",
    "nil",
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    ".",
    "...",
    "missing",
    "undefined",
    "1.#ind",
    "-1.#ind",
    "1.#qnan",
    "-1.#qnan",
    "#n/a n/a",
];

/// Words that a column of labels has for a missing one: those that pandas takes for it. Others, such as `none` and `?`,
/// may be the name of a class.
const NO_LABEL: [&str; 17] = [
    "", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "NaT", "-", "1.#IND",
    "1.#QNAN", "#N/A N/A",
];

/// A field, by what it can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    /// A number, and whether it is written without point and exponent.
    Number { value: f64, whole: bool },
    /// A missing value.
    Missing,
    /// A number in a notation that is not read.
    Foreign(Notation),
    /// Numbers in brackets.
    List,
    /// Anything else: a name, a label.
    Text,
}

/// A notation of numbers that is not read, as it is easily misunderstood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// `0,5`
    Comma,
    /// `1.0D+00`
    Fortran,
    /// `−0.5`, with a sign that is not a hyphen.
    Minus,
    /// `5%`
    Percent,
    /// `'0.5`
    Quoted,
    /// `1+2j`
    Complex,
    /// `0.5;1.5` or fields between tabs.
    Separated(char),
    /// `0.1 0.2 0.3`
    Several,
}

impl Field {
    /// What a text is.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        match text.parse::<f64>() {
            Ok(value) if value.is_nan() => return Self::Missing,
            Ok(value) => return Self::Number { value, whole: !text.contains(['.', 'e', 'E', 'n', 'N']) },
            Err(_) => {}
        }
        if is_missing(text) {
            return Self::Missing;
        }
        if is_list(text) {
            return Self::List;
        }
        Notation::of(text).map_or(Self::Text, Self::Foreign)
    }
}

fn is_missing(text: &str) -> bool {
    const LONGEST: usize = 16;
    text.len() <= LONGEST && (MISSING.contains(&text.to_lowercase().as_str()) || is_fault_of_spreadsheet(text))
        || text.is_empty()
}

/// `#DIV/0!`, `#N/A`, `#REF!`, `#ERR` and their like.
fn is_fault_of_spreadsheet(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || "/!?_".contains(letter);
    text.strip_prefix('#').is_some_and(|rest| rest.len() > 1 && rest.chars().all(is_part))
}

/// Whether a text stands for a missing label.
pub(super) fn is_no_label(text: &str) -> bool {
    NO_LABEL.contains(&text) || is_fault_of_spreadsheet(text)
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|value| !value.is_nan())
}

impl Notation {
    fn of(text: &str) -> Option<Self> {
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        if !has_digit || text.len() > 1 << 16 {
            return None;
        }
        // Separators before all else: of `0,5;1,5` the semicolon is what a reader has to know.
        for separator in [';', '\t', '|'] {
            let mut parts = text.split(separator).map(str::trim);
            if text.contains(separator) && parts.all(|part| is_number(part) || is_number(&part.replace(',', "."))) {
                return Some(Self::Separated(separator));
            }
        }
        if is_number(&text.replace(['\u{2212}', '\u{2013}', '\u{ff0d}', '\u{fe63}'], "-")) {
            return Some(Self::Minus);
        }
        if is_number(&text.replace(['D', 'd'], "e")) {
            return Some(Self::Fortran);
        }
        if text.contains(',') && is_number(&text.replace(['.', ' ', '\u{a0}', '\u{202f}', '\''], "").replace(',', "."))
        {
            return Some(Self::Comma);
        }
        if text.contains(',') && is_number(&text.replace(',', "")) {
            return Some(Self::Comma);
        }
        if text.strip_suffix('%').is_some_and(|rest| is_number(rest.trim())) {
            return Some(Self::Percent);
        }
        if is_number(text.trim_matches(['\'', '"', '`'])) {
            return Some(Self::Quoted);
        }
        let plain = text.trim_start_matches('(').trim_end_matches(')');
        let is_part = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
        if plain.strip_suffix(['j', 'J', 'i']).is_some_and(|rest| rest.chars().all(is_part)) {
            return Some(Self::Complex);
        }
        let mut parts = text.split_whitespace();
        (text.contains(char::is_whitespace) && parts.all(is_number)).then_some(Self::Several)
    }

    /// What it is, and what to do.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Comma => ("a comma within a number", "write decimal points and no separators of thousands"),
            Self::Fortran => ("an exponent of Fortran", "write E in the place of D"),
            Self::Minus => ("a minus sign that is not a hyphen", "write - (U+002D)"),
            Self::Percent => ("a percentage", "write it as a fraction"),
            Self::Quoted => ("a quoted number", "remove the marks"),
            Self::Complex => {
                ("a complex number", "give real and imaginary parts as columns, in numpy np.hstack([z.real, z.imag])")
            }
            Self::Separated(_) | Self::Several => {
                ("several numbers in one field", "write a field for each, or a list in brackets")
            }
        }
    }
}

/// Whether a text is a list of numbers, if perhaps a faulty one: in brackets, with a number, a gap or another list first.
fn is_list(text: &str) -> bool {
    let Some(inside) = inside(text).or_else(|| printed(text)) else { return false };
    let first = inside.split([',', ' ', '\n', '\r', '\t']).find(|item| !item.is_empty());
    first.is_none_or(|item| is_number(item) || is_missing(item) || item.starts_with(['[', '(']))
}

/// The inside of a list as Python prints an array or a tensor, and Postgres an array.
fn printed(text: &str) -> Option<&str> {
    let names = ["array(", "np.array(", "tensor(", "torch.tensor("];
    let rest = names.iter().find_map(|name| text.strip_prefix(name)).and_then(|rest| rest.strip_prefix('['));
    rest.or_else(|| text.strip_prefix('{').filter(|rest| rest.ends_with('}')))
}

fn inside(text: &str) -> Option<&str> {
    let within = |open, close| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).map(str::trim);
    within('[', ']').or_else(|| within('(', ')'))
}

/// Appends the numbers of a list, `[0.1, 0.2]` of Python and JSON or `[0.1 0.2]` of numpy; their count, or what is wrong.
pub(super) fn read_list(text: &str, numbers: &mut Vec<f64>) -> Result<usize, String> {
    if printed(text.trim()).is_some() {
        return Err("an array as it is printed, perhaps rounded; write lists, in Python: df[\"embedding\"] = \
                    df[\"embedding\"].map(lambda row: row.tolist())"
            .to_owned());
    }
    let inside = inside(text.trim()).ok_or("no list")?;
    if inside.contains("...") || inside.contains('…') {
        return Err("a list that was shortened with '...' when it was printed; write all of it, in Python: \
                    np.save(\"z.npy\", np.stack(df[\"embedding\"]))"
            .to_owned());
    }
    if inside.contains(['[', '(']) {
        return Err("a list of lists; give every embedding a row of its own".to_owned());
    }
    let before = numbers.len();
    let has_commas = inside.contains(',');
    // A comma behind the last number is Python's way to write a tuple of one.
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    let mut items: Box<dyn Iterator<Item = &str>> =
        if has_commas { Box::new(inside.split(',')) } else { Box::new(inside.split_whitespace()) };
    let bad = items.find_map(|item| match Field::of(item) {
        Field::Number { value, .. } => {
            numbers.push(value);
            None
        }
        _ => Some(item.trim().to_owned()),
    });
    match bad {
        Some(item) => Err(format!("'{}' in a list is not a number; complete the list", super::listing::shown(&item))),
        None if numbers.len() == before => Err("an empty list; give every row its numbers".to_owned()),
        None => Ok(numbers.len() - before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_what_it_looks_like() {
        let number = |value, whole| Field::Number { value, whole };
        assert_eq!(Field::of(" 12 "), number(12.0, true));
        assert_eq!(Field::of("-1.5e3"), number(-1500.0, false));
        assert_eq!(Field::of("-inf"), number(f64::NEG_INFINITY, false));
        for text in
            ["", " ", "NA", "n/a", "#N/A", "#DIV/0!", "nan", "NaN", "None", "null", "-", "<NA>", "#REF!", "#ERR"]
        {
            assert_eq!(Field::of(text), Field::Missing, "{text}");
        }
        for (text, notation) in [
            ("0,5", Notation::Comma),
            ("1.234,5", Notation::Comma),
            ("1,234.5", Notation::Comma),
            ("1.0D-01", Notation::Fortran),
            ("2d5", Notation::Fortran),
            ("\u{2212}0.2", Notation::Minus),
            ("5 %", Notation::Percent),
            ("'0.5", Notation::Quoted),
            ("(1.5e+00-2j)", Notation::Complex),
            ("1;0", Notation::Separated(';')),
            ("0,5;1,5", Notation::Separated(';')),
            ("0.1 0.2", Notation::Several),
        ] {
            assert_eq!(Field::of(text), Field::Foreign(notation), "{text}");
        }
        for text in [
            "tensor([0.5, 1])",
            "array([1., 2.], dtype=float32)",
            "{0.5,1.5}",
            "[0.1, 0.2]",
            "(1, 2)",
            "[0.1 0.2\n 0.3]",
            "[]",
            "[[1, 2]]",
            "[nan, 1]",
            "[0.1 ... 0.2]",
        ] {
            assert_eq!(Field::of(text), Field::List, "{text}");
        }
        for text in ["cat", "x1", "[tag]", "(unknown)", "{x}", "array(x)", "#love", "2024-01-02", "img_01.png", "d"] {
            assert_eq!(Field::of(text), Field::Text, "{text}");
        }
    }

    #[test]
    fn lists_are_read_as_python_json_and_numpy_write_them() {
        let read = |text: &str| {
            let mut numbers = vec![9.0];
            read_list(text, &mut numbers).map(|count| (count, numbers))
        };
        for text in ["[0.5, -1e-3]", "[0.5,-1e-3]", "(0.5, -1e-3)", "[ 0.5   -1.e-3]", "[0.5\n -1.e-3]"] {
            assert_eq!(read(text), Ok((2, vec![9.0, 0.5, -1e-3])), "{text}");
        }
        assert_eq!(read("(2,)"), Ok((1, vec![9.0, 2.0])));
        for (text, says) in [
            ("[1 ... 2]", "shortened"),
            ("[[1, 2]]", "list of lists"),
            ("tensor([1, 2])", "rounded"),
            ("[]", "empty"),
            ("[1, nan]", "'nan'"),
        ] {
            assert!(read(text).unwrap_err().contains(says), "{text}");
        }
    }
}
