//! What Slurm tells a task about itself: its part of the work, its processors, whether it was started before.

use std::fmt::{Display, Formatter};
use std::num::{NonZeroU32, NonZeroUsize};

use embedding_norms_lab::sweep::Shard;

use crate::cli::failure::Failure;

const ID: &str = "SLURM_ARRAY_TASK_ID";
const MIN: &str = "SLURM_ARRAY_TASK_MIN";
const MAX: &str = "SLURM_ARRAY_TASK_MAX";
const STEP: &str = "SLURM_ARRAY_TASK_STEP";
const COUNT: &str = "SLURM_ARRAY_TASK_COUNT";
const PROCESSORS: &str = "SLURM_CPUS_PER_TASK";
const RESTARTS: &str = "SLURM_RESTART_COUNT";

const REMEDY: &str = "say with --shard I/N which part of the work to do, or with --shard 1/1 to do all of it";

/// The environment as Slurm sets it: a variable's value by its name. One that is empty counts as not set.
#[derive(Clone, Copy)]
pub struct Slurm<'a>(&'a dyn Fn(&str) -> Option<String>);

/// A task of a job array whose numbers count the parts of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    id: u32,
    /// The part of the work that it does.
    pub shard: Shard,
}

impl Slurm<'static> {
    /// That of this process.
    pub fn here() -> Self {
        Self(&|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }
}

impl Slurm<'_> {
    /// The task of a job array that this process is; none outside of arrays.
    ///
    /// The tasks MIN, MIN + STEP, … are the shards 1, 2, … of COUNT. An array with gaps is refused, and so is one of a
    /// single task whose number is above 1: both come from submitting a part of an array again, and dividing the work
    /// again would do some of it twice.
    pub fn task(self) -> Result<Option<Task>, Failure> {
        let Some(id) = self.number(ID)? else { return Ok(None) };
        let (min, count) = (self.needed(MIN)?, self.needed(COUNT)?);
        let step = self.number(STEP)?.unwrap_or(1);
        let place =
            id.checked_sub(min).filter(|above| step > 0 && above.is_multiple_of(step)).map(|above| above / step);
        let max = count.checked_sub(1).and_then(|gaps| gaps.checked_mul(step)?.checked_add(min));
        let has_gaps = max.is_none() || self.number(MAX)?.is_some_and(|last| max != Some(last));
        let shard = place.filter(|_| !has_gaps).and_then(|place| Shard::new(place.checked_add(1)?, count).ok());
        let Some(shard) = shard else {
            return Err(refused(&format!(
                "task {id} of an array of {count} tasks from {min} on in steps of {step} is no part of a division into \
                 {count}"
            )));
        };
        if count == 1 && min > 1 {
            return Err(refused(&format!("an array of task {id} alone does not tell how the work is divided")));
        }
        Ok(Some(Task { id, shard }))
    }

    /// The processors of each task.
    pub fn threads(self) -> Result<Option<NonZeroUsize>, Failure> {
        let Some(text) = self.value(PROCESSORS) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Failure::Refused(format!(
                "{PROCESSORS} is '{text}', which is not a number of processors: give --threads, or unset it"
            ))
        })
    }

    /// Whether Slurm has started this task before and requeued it.
    pub fn is_requeued(self) -> bool {
        self.value(RESTARTS).is_some_and(|text| text.parse::<NonZeroU32>().is_ok())
    }

    fn value(self, name: &str) -> Option<String> {
        self.0(name).filter(|text| !text.is_empty())
    }

    fn number(self, name: &str) -> Result<Option<u32>, Failure> {
        let Some(text) = self.value(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| refused(&format!("{name} is '{text}', which is not the number of a task")))
    }

    fn needed(self, name: &str) -> Result<u32, Failure> {
        self.number(name)?.ok_or_else(|| refused(&format!("{ID} is set, but {name} is not")))
    }
}

impl Display for Task {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let (id, shard) = (self.id, self.shard);
        let part = if shard == Shard::WHOLE { "all of the work".to_owned() } else { format!("shard {shard}") };
        write!(formatter, "{part}, from {ID} = {id} and {COUNT} = {}; --shard I/N chooses another part", shard.count())
    }
}

fn refused(what: &str) -> Failure {
    Failure::Refused(format!("Slurm: {what}; {REMEDY}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The task of an array with these numbers: id, least, greatest, step, count.
    fn task(numbers: [&str; 5]) -> Result<Option<Task>, String> {
        let find = |name: &str| {
            let place = [ID, MIN, MAX, STEP, COUNT].iter().position(|known| *known == name)?;
            Some(numbers[place].to_owned())
        };
        Slurm(&find).task().map_err(|failure| failure.to_string())
    }

    fn shard(numbers: [&str; 5]) -> String {
        task(numbers).unwrap().unwrap().shard.to_string()
    }

    #[test]
    fn tasks_are_counted_from_the_least_in_steps() {
        assert_eq!(shard(["1", "1", "7", "1", "7"]), "1/7");
        assert_eq!(shard(["7", "1", "7", "1", "7"]), "7/7");
        assert_eq!(shard(["0", "0", "6", "1", "7"]), "1/7");
        assert_eq!(shard(["12", "10", "19", "1", "10"]), "3/10");
        assert_eq!(shard(["6", "0", "8", "2", "5"]), "4/5");
        assert_eq!(shard(["3", "1", "", "", "4"]), "3/4");
        assert_eq!(shard(["0", "0", "0", "1", "1"]), "1/1");
        assert_eq!(shard(["1", "1", "1", "", "1"]), "1/1");
    }

    #[test]
    fn every_task_of_an_array_is_another_shard() {
        for (min, step, count) in [(0_u32, 1, 5), (1, 1, 8), (3, 4, 6), (100, 7, 3)] {
            let max = min + step * (count - 1);
            let shards = (min..=max).step_by(step as usize).map(|id| {
                let texts = [id, min, max, step, count].map(|number| number.to_string());
                shard(texts.each_ref().map(String::as_str))
            });
            let expected: Vec<String> = (1..=count).map(|index| format!("{index}/{count}")).collect();
            assert_eq!(shards.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn outside_of_arrays_there_is_no_task() {
        assert_eq!(task(["", "1", "7", "1", "7"]), Ok(None));
        assert_eq!(task([""; 5]), Ok(None));
    }

    #[test]
    fn what_is_no_division_is_refused_with_a_remedy() {
        for numbers in [
            ["2", "1", "7", "1", "3"],          // 1,2,7: gaps
            ["3", "1", "5", "2", "2"],          // fewer than from 1 to 5 in steps of 2
            ["4", "1", "7", "2", "4"],          // between the steps
            ["3", "3", "3", "1", "1"],          // one task of an array, submitted again
            ["0", "1", "7", "1", "7"],          // below the least
            ["8", "1", "7", "1", "7"],          // above the greatest
            ["2", "", "7", "1", "7"],           // no least
            ["2", "1", "7", "1", ""],           // no count
            ["2", "1", "7", "0", "7"],          // no step
            ["2", "1", "7", "1", "0"],          // no tasks
            ["two", "1", "7", "1", "7"],        // no number
            ["-1", "1", "7", "1", "7"],         // a negative one
            ["4294967296", "1", "7", "1", "7"], // larger than any array
            ["5", "5", "", "4294967295", "3"],  // a step that leads past all numbers
        ] {
            let error = task(numbers).unwrap_err();
            assert!(error.contains("--shard 1/1") && error.starts_with("Slurm: "), "{numbers:?}: {error}");
        }
    }

    #[test]
    fn processors_are_a_whole_number() {
        let threads = |text: &'static str| {
            let found = Slurm(&|name| (name == PROCESSORS).then(|| text.to_owned())).threads();
            found.map_err(|failure| failure.to_string())
        };
        assert_eq!(threads("4"), Ok(NonZeroUsize::new(4)));
        assert_eq!(threads(""), Ok(None));
        for wrong in ["0", "-2", "many", "1.5"] {
            let error = threads(wrong).unwrap_err();
            assert!(error.contains(&format!("{PROCESSORS} is '{wrong}'")) && error.contains("--threads"), "{error}");
        }
    }
}
