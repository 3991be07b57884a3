//! Nothing is run that was not asked for.

use crate::output::support::{files, folder, run};

#[test]
fn without_arguments_it_says_what_to_do_first() {
    let place = folder();
    let says = run(place.path(), "").says();
    for first in ["norm-effect --quick", "diagnose z.npy", "embedding-norms all", "--help"] {
        assert!(says.contains(first), "{first}: {says}");
    }
    assert!(says.lines().count() <= 15 && says.lines().all(|line| line.chars().count() <= 80), "{says}");
    assert!(files(place.path()).is_empty());
}

#[test]
fn options_without_a_command_lead_to_all() {
    let place = folder();
    for line in ["--quick", "--out x", "--full", "--json", "--dry-run", "--seed 3", "--config my.toml", "--quik", "-q"]
    {
        let first = line.split(' ').next().unwrap();
        run(place.path(), line).refuses(&[first, &format!("embedding-norms all {first}")]);
    }
    run(place.path(), "--quick norm-effect").refuses(&["after the name of one"]);
    assert!(files(place.path()).is_empty());
}

#[test]
fn all_takes_the_options_of_every_simulation() {
    let place = folder();
    let plan = run(place.path(), "all --quick --dry-run --shard 1/2").says();
    assert!(plan.lines().filter(|line| line.ends_with(" units")).count() > 15, "{plan}");
    std::fs::write(place.path().join("my.toml"), "[common]\nquick = true\n[norm-effect]\nnorms = [0.5]\n").unwrap();
    let plan = run(place.path(), "all --config my.toml --dry-run").says();
    assert!(plan.contains("norm 0.5") && !plan.contains("norm 16"), "{plan}");
    run(place.path(), "all --shard 3/2").refuses(&["there is no shard 3 of 2"]);
    run(place.path(), "all --quick --full").refuses(&["--quick", "--full"]);
    let help = run(place.path(), "all --help").says();
    for option in ["--quick", "--full", "--out", "--config", "--json", "--force", "--format", "--replicates"] {
        assert!(help.contains(option), "{option}");
    }
}
