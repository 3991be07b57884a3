//! Literals of Python, as in the header of a .npy file: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.

use winnow::ascii::multispace0;
use winnow::combinator::{
    alt, delimited, dispatch, empty, fail, opt, peek, preceded, repeat, separated, separated_pair,
};
use winnow::error::ContextError;
use winnow::token::{any, none_of, one_of, take, take_while};
use winnow::{Parser, Result};

/// A value, as far as a header has a use for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Boolean(bool),
    /// A whole number from 0 to 2⁶⁴ − 1.
    Whole(u64),
    /// Any other number, or `None`.
    Other,
    Tuple(Vec<Self>),
    List(Vec<Self>),
    Dictionary(Vec<(Self, Self)>),
}

/// Brackets within brackets, at most: each takes some of the stack, and a header has three.
const DEEPEST: usize = 8;

/// The value that a text is; none where it is no literal, or too deep.
pub(super) fn parse(text: &str) -> Option<Value> {
    (|input: &mut &str| value(input, DEEPEST)).parse(text).ok()
}

/// A value with at most so many brackets within brackets.
fn value<'a>(input: &mut &'a str, brackets: usize) -> Result<Value> {
    let within = |input: &mut &'a str| match brackets.checked_sub(1) {
        Some(brackets) => value(input, brackets),
        None => fail.parse_next(input),
    };
    let bare = dispatch! {peek(any);
        '\'' | '"' => text.map(Value::Text),
        '(' => delimited('(', items(within), ')').map(|(values, comma)| in_parentheses(values, comma)),
        '[' => delimited('[', items(within), ']').map(|(values, _)| Value::List(values)),
        '{' => delimited('{', items(separated_pair(within, ':', within)), '}').map(|(entries, _)| Value::Dictionary(entries)),
        _ => word,
    };
    delimited(multispace0, bare, multispace0).parse_next(input)
}

/// What stands between commas, and whether a comma ends it.
fn items<'a, T>(item: impl Parser<&'a str, T, ContextError>) -> impl Parser<&'a str, (Vec<T>, bool), ContextError> {
    let comma = (opt(','), multispace0).map(|(comma, _)| comma.is_some());
    let items = preceded(multispace0, (separated(0.., item, ','), comma));
    items.verify(|(items, comma): &(Vec<T>, bool)| !(items.is_empty() && *comma))
}

/// One value in parentheses is that value; a comma makes it a tuple.
fn in_parentheses(mut values: Vec<Value>, comma: bool) -> Value {
    match values.pop() {
        Some(value) if values.is_empty() && !comma => value,
        last => Value::Tuple(values.into_iter().chain(last).collect()),
    }
}

fn text(input: &mut &str) -> Result<String> {
    let mut quote = one_of(['\'', '"']).parse_next(input)?;
    let letter = alt((preceded('\\', escaped), none_of([quote, '\\'])));
    let push = |mut text: String, letter| {
        text.push(letter);
        text
    };
    let text = repeat(0.., letter).fold(String::new, push).parse_next(input)?;
    quote.parse_next(input)?;
    Ok(text)
}

/// What a backslash makes of what follows.
fn escaped(input: &mut &str) -> Result<char> {
    dispatch! {any;
        'n' => empty.value('\n'),
        'r' => empty.value('\r'),
        't' => empty.value('\t'),
        'x' => code_point(2),
        'u' => code_point(4),
        'U' => code_point(8),
        letter @ ('\\' | '\'' | '"') => empty.value(letter),
        _ => fail,
    }
    .parse_next(input)
}

/// A code point in so many hexadecimal digits.
fn code_point<'a>(digits: usize) -> impl Parser<&'a str, char, ContextError> {
    let hexadecimal = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    take(digits).verify(hexadecimal).verify_map(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?))
}

/// A number, `True`, `False` or `None`. Python 2 writes an L behind long numbers.
fn word(input: &mut &str) -> Result<Value> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "+-._".contains(letter);
    let named = |word: &str| match word {
        "True" => Some(Value::Boolean(true)),
        "False" => Some(Value::Boolean(false)),
        "None" => Some(Value::Other),
        number => {
            // Rust reads names such as nan, which are no literals.
            number
                .trim_start_matches(['+', '-', '.'])
                .starts_with(|first: char| first.is_ascii_digit())
                .then_some(())?;
            let number = number.strip_suffix('L').unwrap_or(number);
            number.parse().map(Value::Whole).ok().or(number.parse::<f64>().ok().map(|_| Value::Other))
        }
    };
    take_while(1.., letter).verify_map(named).parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::Value::{Boolean, Dictionary, List, Other, Text, Tuple, Whole};
    use super::parse;

    #[test]
    fn values_are_read_as_python_writes_them() {
        let named = |name: &str| Text(name.to_owned());
        let header = "{'descr': '<f4', \"fortran_order\": False, 'shape': (2, 3L), }";
        let expected =
            [("descr", named("<f4")), ("fortran_order", Boolean(false)), ("shape", Tuple(vec![Whole(2), Whole(3)]))];
        assert_eq!(parse(header), Some(Dictionary(expected.map(|(key, value)| (named(key), value)).to_vec())));
        let fields = Tuple(vec![named("v"), named("<f4"), Tuple(vec![Whole(3)])]);
        assert_eq!(parse(" [ ('v', '<f4', (3,)) ,] "), Some(List(vec![fields])));
        assert_eq!(
            parse("[(), [], {}, (1), True]").unwrap(),
            List(vec![Tuple(vec![]), List(vec![]), Dictionary(vec![]), Whole(1), Boolean(true)])
        );
        let numbers = "[0, 18446744073709551615, 18446744073709551616, -1, 1.5, 1e3, None]";
        let expected = [Whole(0), Whole(u64::MAX), Other, Other, Other, Other, Other];
        assert_eq!(parse(numbers), Some(List(expected.to_vec())));
        assert_eq!(parse(r#"'\'\\\n\x41\u00e9\U0001f600"'"#), Some(named("'\\\nAé😀\"")));
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        for text in [
            "",
            " ",
            "x",
            "<f4>",
            "(1, 2",
            "1)",
            "(1, , 2)",
            "(,)",
            "{1}",
            "{1: }",
            "'a",
            "'a\"",
            r"'\q'",
            r"'\xzz'",
            r"'\ud800'",
            r"'\x+1'",
            "nan",
            "-inf",
            "1 2",
            "(1 2)",
            "True1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn brackets_are_read_to_a_depth_that_the_stack_has_room_for() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(8)).is_some());
        assert_eq!(parse(&nested(9)), None);
        assert_eq!(parse(&nested(30_000)), None);
        // Brackets in texts are no brackets.
        assert_eq!(parse(&"[')',".repeat(13_000)), None);
        assert!(parse("'((((((((('").is_some());
    }
}
