//! Natural mistakes: one error that says what to do instead.

use std::fs;

use crate::answers::{TINY, folder};
use crate::files_support::{refused, stdout};

#[test]
fn what_is_no_statement_is_told_what_it_is() {
    let folder = folder();
    let no = |what: &str, says: &[&str]| refused(folder.path(), &format!("explain {what}"), says);
    no("L99", &["there is no statement 'L99'; those of this letter are L1 to L8"]);
    no("G", &["those of this letter are G1 to G5"]);
    no("norm-effect", &["norm-effect is a simulation of G1, G2", "embedding-norms explain G1"]);
    no("NormEffect", &["norm-effect is a simulation"]);
    no("predict", &["predict is a command: embedding-norms predict --help"]);
    no("SimCLR", &["nt-xent is a loss: embedding-norms losses"]);
    no("AdamW", &["adamw is an optimizer: embedding-norms optimizers"]);
    no("nonsense", &["there are G1, G2"]);
    let title = embedding_norms_lab::statement::find("D1").unwrap().title;
    for same in ["d1", "D-1", "D1", &title.to_lowercase().replace(' ', "-")] {
        assert!(stdout(folder.path(), &format!("explain {same}")).starts_with("D1  "), "{same}");
    }
}

#[test]
fn what_is_no_command_is_told_what_it_is() {
    let folder = folder();
    let no = |line: &str, says: &[&str]| refused(folder.path(), line, says);
    no("NORM_EFFECT", &["there is no command 'NORM_EFFECT'; norm-effect is a simulation", "norm-effect --help"]);
    no("norm-efect --quick", &["there is no command 'norm-efect'; did you mean 'norm-effect'?"]);
    no("L2", &["L2 is a statement: embedding-norms explain L2"]);
    no("simclr", &["nt-xent is a loss"]);
    no("z.npy", &["embedding-norms diagnose z.npy"]);
    no("predict --norm 8 --lr 0.1", &["unexpected argument '--lr'", "did you mean '--learning-rate'?"]);
    no("predict --norms 8", &["did you mean '--norm'?"]);
    no("gradient --loss clip z.npy w.npy --tau 0.1", &["did you mean '--temperature'?"]);
    no("simulate --loss clip z.npy w.npy --momentum 0.9", &["did you mean '--set momentum=…'?"]);
    no("norm-effect --learning_rate 1", &["did you mean '--learning-rate'?"]);
}

#[test]
fn redraw_says_where_tables_are() {
    let folder = folder();
    let path = folder.path();
    let no = |line: &str, says: &[&str]| refused(path, &format!("redraw {line}"), says);
    stdout(path, "simulate --loss cosine z.npy w.npy --max-steps 3 --out run");
    stdout(path, "diagnose z.npy --out found");
    no("run/simulate.csv", &["run/simulate.csv: the tables of embedding-norms simulate have no figure", "diagnose"]);
    no("run/simulate.embeddings.csv", &["simulate have no figure"]);
    no("run", &["run: no table of a simulation in it", "simulate have no figure"]);
    no("found/diagnose.course.csv", &["diagnose draws its figures itself"]);
    no(
        "norm-effect",
        &["norm-effect: no such file or folder", "such as results/norm-effect.csv", "embedding-norms norm-effect"],
    );
    no("nowhere", &["nowhere: no such file or folder; give a table"]);
    no("-", &["-: no such file or folder; standard input is not read"]);
    stdout(path, &format!("{TINY} --out results --quiet"));
    no("norm-effect", &["did you mean results/norm-effect.csv?"]);
    no("norm-effect.csv", &["did you mean results/norm-effect.csv?"]);
    no("results/norm-effect.json", &["end in .csv; give results/norm-effect.csv"]);
    no("results/norm-effect.svg", &["give results/norm-effect.csv"]);
    no(".", &["; there is one in ./results, so give that folder"]);
}

#[test]
fn files_that_are_none_are_refused_with_the_way_out() {
    let folder = folder();
    let path = folder.path();
    fs::create_dir(path.join("empty")).unwrap();
    let no = |line: &str, says: &[&str]| refused(path, line, says);
    for line in [
        "diagnose -",
        "diagnose z.npy -",
        "diagnose z.npy --labels -",
        "diagnose z.npy --positives -",
        "diagnose z.npy --reference -",
        "diagnose z.npy --covariate -",
        "gradient --loss cosine - z.npy",
        "gradient --loss cosine z.npy -",
        "simulate --loss sup-con z.npy --labels -",
    ] {
        no(line, &["standard input is not read; save it as a file"]);
    }
    no("diagnose empty", &["empty: this is a folder; give one file in it"]);
    no("gradient z.npy w.npy", &["which loss?", "--loss cosine", "embedding-norms losses"]);
    no("simulate z.npy w.npy", &["which loss?"]);
    no("report empty", &["empty: no simulation has left its record here", "norm-effect --quick --out empty"]);
    stdout(path, "diagnose z.npy --out found");
    no("report found", &["diagnose.html"]);
}

#[test]
fn negative_numbers_reach_the_check_of_their_domain() {
    let folder = folder();
    let no = |line: &str, says: &[&str]| refused(folder.path(), line, says);
    for value in ["-1", "-1e-3", "-inf", "-.5"] {
        no(&format!("predict --norm {value}"), &["--norm", "must be a finite number above 0, not -"]);
        no(
            &format!("simulate --loss clip z.npy w.npy --temperature {value}"),
            &["temperature must be a finite number above 0"],
        );
        no(
            &format!("gradient --loss clip z.npy w.npy --temperature {value}"),
            &["temperature must be a finite number above 0"],
        );
        no(&format!("diagnose z.npy --learning-rate {value}"), &["--learning-rate", "above 0, not -"]);
        no(&format!("norm-effect --norms {value},2"), &["--norms", "above 0, not -"]);
    }
    no("norm-effect --norms 1,-1", &["--norms", "above 0, not -1"]);
    no("norm-effect --threads -1", &["--threads", "at least 1, not -1"]);
    no("norm-effect --seed -1", &["--seed", "at least 0, not -1"]);
    no("all --seed -1", &["--seed", "at least 0, not -1"]);
    no("simulate --loss clip z.npy w.npy --weight-decay -1", &["weight decay", "0 or larger, not -1"]);
    no("simulate --loss clip z.npy w.npy --max-steps -5", &["--max-steps", "at least 1, not -5"]);
    no("predict --norm --stop-gradient", &["--norm", "'--stop-gradient' is not a number"]);
    stdout(folder.path(), "predict --norm 8 --grad-scale -1");
    stdout(folder.path(), "gradient --loss siglip z.npy w.npy --bias -5");
}
