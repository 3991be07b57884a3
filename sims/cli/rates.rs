//! Two learning rates under two names: γ per embedding, and η on the mean of a loss over the embeddings of a batch. A
//! command has one of them; the other is read only to be refused with the value that does the same.

use std::fmt;

use clap::{Arg, ArgMatches, Command};
use embedding_norms::setting::{SettingError, positive};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values::number;

/// A learning rate γ per embedding: a step moves an embedding by γ times the gradient of its own terms of the loss, however
/// many embeddings are in the batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct PerEmbedding(f64);

/// A learning rate η on the mean of a loss over the n embeddings of a batch, as frameworks have it: γ = η/n.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct OfMean(f64);

impl PerEmbedding {
    /// η = nγ, which does the same to a batch of n embeddings.
    pub fn of_mean(self, embeddings: usize) -> Result<OfMean, SettingError> {
        OfMean::try_from(self.0 * embeddings as f64)
    }
}

impl OfMean {
    /// γ = η/n, which does the same to each of n embeddings.
    pub fn per_embedding(self, embeddings: usize) -> Result<PerEmbedding, SettingError> {
        PerEmbedding::try_from(self.0 / embeddings as f64)
    }
}

/// What both rates are: finite numbers above 0.
macro_rules! a_rate {
    ($rate:ident) => {
        impl $rate {
            /// The rate as a number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $rate {
            type Error = SettingError;

            fn try_from(rate: f64) -> Result<Self, SettingError> {
                Ok(Self(positive("the learning rate", rate)?))
            }
        }

        impl From<$rate> for f64 {
            fn from(rate: $rate) -> Self {
                rate.0
            }
        }

        /// Without the rounding of a product or quotient.
        impl fmt::Display for $rate {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let rounded = format!("{:.12e}", self.0).parse().unwrap_or(self.0);
                if (1e-3..1e16).contains(&rounded) {
                    write!(formatter, "{rounded}")
                } else {
                    write!(formatter, "{rounded:e}")
                }
            }
        }
    };
}

a_rate!(PerEmbedding);
a_rate!(OfMean);

/// Reads a rate γ.
pub fn read_per_embedding(text: &str) -> Result<PerEmbedding, String> {
    PerEmbedding::try_from(number(text)?).map_err(|error| error.to_string())
}

/// Reads a rate η.
pub fn read_of_mean(text: &str) -> Result<OfMean, String> {
    OfMean::try_from(number(text)?).map_err(|error| error.to_string())
}

/// The option of γ.
pub const PER_EMBEDDING: &str = "learning-rate";
/// The option of η, and how the names of several such options end.
pub const OF_MEAN: &str = "mean-learning-rate";
/// What the option that a command does not have is called within.
const OTHER: &str = "the other learning rate";

/// Options of rates on a mean, each with the number of embeddings that it is taken over.
pub type Averages = Vec<(&'static str, usize)>;

/// Whether the rates of a command are on a mean; `None` if it has none.
fn is_of_mean(command: &Command) -> Option<bool> {
    let rate = command.get_arguments().filter_map(Arg::get_long).find(|long| long.ends_with(PER_EMBEDDING))?;
    Some(rate.ends_with(OF_MEAN))
}

/// The command, which also reads the learning rate that is not its own.
pub fn with_the_other(command: Command) -> Command {
    let Some(of_mean) = is_of_mean(&command) else { return command };
    let other = Arg::new(OTHER).hide(true).allow_hyphen_values(true);
    command.arg(match of_mean {
        true => other.long(PER_EMBEDDING).value_name("γ").value_parser(read_per_embedding),
        false => other.long(OF_MEAN).value_name("η").value_parser(read_of_mean),
    })
}

/// Refuses the learning rate that is not the command's own. `averages` are its own rates on a mean; a rate per embedding of
/// pairs belongs to a mean over all pairs.
pub fn refuse_the_other(command: &str, matches: &ArgMatches, averages: &Averages) -> Result<(), Failure> {
    if let Ok(Some(gamma)) = matches.try_get_one::<PerEmbedding>(OTHER) {
        return Err(Failure::Refused(on_a_mean(command, *gamma, averages)));
    }
    if let Ok(Some(eta)) = matches.try_get_one::<OfMean>(OTHER) {
        let pairs = matches.try_get_one::<usize>("pairs").ok().flatten().copied();
        return Err(Failure::Refused(of_each(command, *eta, pairs)));
    }
    Ok(())
}

fn on_a_mean(command: &str, gamma: PerEmbedding, averages: &Averages) -> String {
    let written = |&(option, n): &(&str, usize)| match gamma.of_mean(n) {
        Ok(eta) => format!("--{option} {eta} (the mean over {n} embeddings)"),
        Err(error) => format!("--{option}, with a smaller rate: {error}"),
    };
    let write: Vec<String> = averages.iter().map(written).collect();
    format!(
        "--{PER_EMBEDDING} {gamma} on '{command}': its rate is η on the mean over a batch of n embeddings, n times a rate γ \
         per embedding; write {}",
        write.join(" or ")
    )
}

fn of_each(command: &str, eta: OfMean, pairs: Option<usize>) -> String {
    let write = match pairs.map(|pairs| (pairs, eta.per_embedding(pairs))) {
        Some((pairs, Ok(gamma))) => format!("--{PER_EMBEDDING} {gamma} (for the mean over {pairs} pairs)"),
        _ => format!("--{PER_EMBEDDING} and {eta}/n for the mean over n embeddings"),
    };
    format!(
        "--{OF_MEAN} {eta} on '{command}': its rate is γ per embedding, 1/n of a rate η on the mean over n; write {write}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_converted_and_shown_without_rounding() {
        let gamma = PerEmbedding::try_from(0.01).unwrap();
        for n in [1, 3, 7, 64, 128, 500, 1797] {
            let eta = gamma.of_mean(n).unwrap();
            assert_eq!(eta.to_string(), (n as f64 / 100.0).to_string());
            assert_eq!(eta.per_embedding(n).unwrap().to_string(), "0.01");
        }
        assert_eq!(OfMean::try_from(0.5).unwrap().per_embedding(5_000_000).unwrap().to_string(), "1e-7");
        assert!(PerEmbedding::try_from(1e308).unwrap().of_mean(100).is_err());
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(OfMean::try_from(wrong).is_err() && PerEmbedding::try_from(wrong).is_err());
        }
    }
}
