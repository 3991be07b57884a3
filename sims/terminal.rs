//! Lines on stdout.

/// Prints a line on stdout. A reader that has closed the pipe has seen what it wanted.
macro_rules! say {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($part)*);
    }};
}
