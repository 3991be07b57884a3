//! Losses and optimizers by the names that people write.

use std::collections::BTreeMap;

use embedding_norms::catalogue::{Entry, find, names, plain};
use embedding_norms::{loss, optimizer};

use crate::answers::folder;
use crate::files_support::{command, json, refused, stdout};

#[test]
fn names_lead_to_the_loss_that_is_meant() {
    for (written, name) in [
        ("NT-Xent", "nt-xent"),
        ("ntxent", "nt-xent"),
        ("NTXentLoss", "nt-xent"),
        ("SimCLR", "nt-xent"),
        ("InfoNCE", "info-nce"),
        ("info_nce", "info-nce"),
        ("MoCo", "info-nce"),
        ("SupCon", "sup-con"),
        ("SupConLoss", "sup-con"),
        ("BYOL", "simsiam"),
        ("SimSiam", "simsiam"),
        ("SigLIP", "siglip"),
        ("CLIP", "clip"),
        ("OpenCLIP", "clip"),
        ("DCL", "dcl"),
        ("Triplet Loss", "triplet"),
        ("cosine_similarity", "cosine"),
    ] {
        assert_eq!(find(loss::catalogue(), written).map(|found| found.entry.name), Some(name), "{written}");
        assert_eq!(loss::by_name(written, &loss::Parameters::default()).unwrap().name(), name);
    }
    for (written, name) in [
        ("sgd", "gradient-descent"),
        ("SGD", "gradient-descent"),
        ("GD", "gradient-descent"),
        ("momentum", "heavy-ball"),
        ("SGD_momentum", "heavy-ball"),
        ("Nesterov", "nesterov"),
        ("NAG", "nesterov"),
        ("Adam", "adam"),
        ("AdamW", "adamw"),
        ("adam_w", "adamw"),
        ("adam-w", "adamw"),
        ("RMSprop", "rmsprop"),
        ("signSGD", "sign-descent"),
        ("LARS", "lars"),
    ] {
        assert_eq!(find(optimizer::catalogue(), written).map(|found| found.entry.name), Some(name), "{written}");
        assert_eq!(optimizer::entry(written).unwrap().name, name);
    }
    for nothing in ["", "-", "vicreg", "loss", "optimizer", "adamax"] {
        assert!(
            find(loss::catalogue(), nothing).is_none() && find(optimizer::catalogue(), nothing).is_none(),
            "{nothing}"
        );
    }
}

/// No name means two entries.
fn are_different<T: ?Sized>(entries: &[Entry<T>]) {
    let mut seen = BTreeMap::new();
    for name in names(entries) {
        assert_eq!(seen.insert(plain(name), name), None, "{name}");
        assert!(
            !plain(name).ends_with("loss") && !plain(name).ends_with("optimizer"),
            "{name}: the ending says nothing"
        );
    }
}

#[test]
fn no_name_has_two_meanings() {
    are_different(loss::catalogue());
    are_different(optimizer::catalogue());
}

/// What the command says on stderr beside its answer.
fn note(folder: &std::path::Path, line: &str) -> String {
    let output = command(folder, line).assert().success().get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_was_taken_for_a_name_is_said_where_it_may_mean_more() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(
        note(path, "gradient --loss simclr z.npy w.npy"),
        "note: 'simclr' is taken as nt-xent: SimCLR's loss; SimCLR's own code sums the two views and gives 2L\n"
    );
    assert_eq!(note(path, "gradient --loss NT-Xent z.npy w.npy"), "");
    let simulate = "simulate --loss BYOL z.npy w.npy --optimizer momentum --max-steps 3";
    let both = note(path, simulate);
    assert!(
        both.contains("'BYOL' is taken as simsiam") && both.contains("'momentum' is taken as heavy-ball"),
        "{both}"
    );
    assert_eq!(note(path, &format!("{simulate} --quiet")), "");
    for line in ["predict --norm 8 --optimizer sgd", "diagnose z.npy --optimizer sgd"] {
        assert!(
            note(path, line).contains("'sgd' is taken as gradient-descent: PyTorch's SGD without momentum"),
            "{line}"
        );
        assert_eq!(note(path, &line.replace("sgd", "AdamW")), "", "{line}");
    }
}

#[test]
fn records_have_the_name_of_the_catalogue_and_the_same_numbers() {
    let folder = folder();
    let record = |line: &str| {
        let output = command(folder.path(), line).assert().success().get_output().clone();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    for (written, own) in [
        ("gradient --loss SimCLR z.npy w.npy --json", "gradient --loss nt-xent z.npy w.npy --json"),
        ("predict --norm 8 --optimizer SGDM --json", "predict --norm 8 --optimizer heavy-ball --json"),
        ("diagnose z.npy --optimizer sgd --json", "diagnose z.npy --optimizer gradient-descent --json"),
        (
            "simulate --loss BYOL z.npy w.npy --optimizer adam_w --max-steps 3 --json",
            "simulate --loss simsiam z.npy w.npy --optimizer adamw --max-steps 3 --json",
        ),
    ] {
        assert_eq!(record(written), json(folder.path(), own), "{written}");
    }
    let losses = stdout(folder.path(), "losses");
    assert!(losses.contains("also") && losses.contains("simclr") && losses.contains("moco"));
}

#[test]
fn what_is_no_name_gets_a_suggestion() {
    let folder = folder();
    let no = |line: &str, says: &[&str]| refused(folder.path(), line, says);
    no("gradient --loss simcrl z.npy w.npy", &["--loss: there is no loss 'simcrl'; did you mean 'simclr'?"]);
    no(
        "gradient --loss vicreg z.npy w.npy",
        &["there is no loss 'vicreg'; there are cosine, simsiam, info-nce, clip,"],
    );
    no("predict --norm 8 --optimizer ADM", &["--optimizer: there is no optimizer 'ADM'; did you mean 'adam'?"]);
    no("predict --norm 8 --optimizer momentun", &["did you mean 'momentum'?"]);
    no(
        "predict --norm 8 --optimizer adam --set beta=0.9",
        &["--set: adam has no setting 'beta'; did you mean 'beta1'?"],
    );
    no(
        "simulate --loss cosine z.npy w.npy --optimizer sgd --set momentum=0.9",
        &["these have it: heavy-ball, nesterov"],
    );
    no("simulate --loss cosine z.npy w.npy --set epsilon=1", &["gradient-descent has no setting 'epsilon'", "adam"]);
    no("predict --norm 8 --optimizer lion --set trust=1", &["lars has it"]);
}
