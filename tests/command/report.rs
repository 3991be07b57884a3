//! The report: well-formed, complete in itself, every claim with its place, every figure with words.
use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;
use embedding_norms_lab::statement::STATEMENTS;
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use tempfile::TempDir;

use crate::gallery::GALLERY;

/// Where an outside link may lead.
const PAPER: &str = "https://arxiv.org/abs/2502.09252";

fn text(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("report.html")).unwrap()
}

fn page() -> Html {
    Html::parse_document(&text(GALLERY.path()))
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn ids(page: &Html) -> BTreeSet<String> {
    all(page, "[id]").iter().filter_map(|element| element.attr("id")).map(str::to_owned).collect()
}

/// A folder with copies of the gallery's files, those that the choice keeps.
fn copy(keep: impl Fn(&str) -> bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(GALLERY.path()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && keep(&name) {
            std::fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    folder
}

fn report(folder: &Path) -> assert_cmd::assert::Assert {
    cargo_bin_cmd!("embedding-norms").arg("report").arg(folder).assert()
}

#[test]
fn the_page_is_well_formed() {
    let page = page();
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    assert_eq!(all(&page, "[id]").len(), ids(&page).len(), "an id stands once");
    assert_eq!(["h1", "main", "nav", "header"].map(|name| all(&page, name).len()), [1; 4]);
    assert_eq!(all(&page, "html")[0].attr("lang"), Some("en"));
    assert!(all(&page, "script").is_empty());
}

#[test]
fn headings_skip_no_level() {
    let page = page();
    let level = |element: &ElementRef<'_>| element.value().name()[1..].parse::<u32>().unwrap();
    let levels: Vec<u32> = all(&page, "h1, h2, h3, h4, h5, h6").iter().map(level).collect();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn every_statement_has_its_anchor() {
    let (page, ids) = (page(), self::ids(&page()));
    for statement in STATEMENTS {
        assert!(ids.contains(&statement.id.to_lowercase()), "{}", statement.id);
    }
    let mut claims = 0;
    for file in std::fs::read_dir(GALLERY.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let record: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(ids.contains(record["simulation"].as_str().unwrap()));
        for claim in record["claims"].as_array().unwrap() {
            claims += 1;
            assert!(ids.contains(&claim["statement"].as_str().unwrap().to_lowercase()), "{claim}");
        }
    }
    assert!(claims > 5);
    assert_eq!(all(&page, "table.numbers tbody tr").len(), claims);
}

#[test]
fn the_trial_of_the_advice_stands_beside_its_statement() {
    let page = page();
    let home = all(&page, "#levers")[0];
    let words: String = home.text().collect();
    assert!(words.contains("Does the advice come true?") && words.contains("a larger rate was right in"));
    let asked =
        all(&page, "h3").iter().filter(|title| title.text().any(|text| text.starts_with("Does the advice"))).count();
    assert_eq!(asked, 1);
}

#[test]
fn links_resolve_within_the_page() {
    let (page, ids) = (page(), self::ids(&page()));
    let links = all(&page, "a[href]");
    assert!(links.len() > 20);
    for link in links {
        let target = link.attr("href").unwrap();
        let resolves = target.strip_prefix('#').is_some_and(|id| ids.contains(id));
        let is_beside = !target.contains(['/', ':']) && GALLERY.path().join(target).is_file();
        assert!(resolves || target == PAPER || is_beside, "{target}");
    }
    for name in ["aria-labelledby", "for"] {
        for element in all(&page, &format!("[{name}]")) {
            assert!(ids.contains(element.attr(name).unwrap()));
        }
    }
}

#[test]
fn it_leads_to_the_page_to_play_with_only_where_that_lies_beside_it() {
    let to_it = |text: &str| text.contains("href=\"explore.html\"");
    assert!(to_it(&text(GALLERY.path())));
    let alone = copy(|name| name != "explore.html");
    report(alone.path()).success();
    assert!(!to_it(&text(alone.path())));
}

#[test]
fn every_figure_has_a_link_of_its_own_and_the_command_that_makes_it() {
    let page = page();
    let simulated = all(&page, "main section figure[id]");
    // That of the trial is made by a test.
    assert_eq!(simulated.len() + 1, all(&page, "figure").len());
    for figure in simulated {
        let id = figure.attr("id").unwrap();
        let own = format!("figcaption a[href='#{id}']");
        assert_eq!(figure.select(&Selector::parse(&own).unwrap()).count(), 1, "{id}");
        let command: String =
            figure.select(&Selector::parse("figcaption code.whole").unwrap()).flat_map(|it| it.text()).collect();
        let simulation = id.rsplit_once("-figure-").unwrap().0;
        assert!(command.starts_with(&format!("embedding-norms {simulation} ")), "{id}: {command}");
    }
}

#[test]
fn points_say_their_values_under_the_pointer() {
    let page = page();
    let named = all(&page, "#norm-effect figure g.markers title");
    assert!(!named.is_empty());
    for name in named {
        let text: String = name.text().collect();
        let (x, y) = text.split_once(": ").unwrap();
        let is_number = |text: &str| text.chars().next().is_some_and(|first| first.is_ascii_digit());
        assert!(is_number(x) && is_number(y), "{text}");
    }
}

#[test]
fn nothing_is_fetched() {
    let page = page();
    for element in all(&page, "[src], link[href], image, use") {
        let source = ["src", "href"].into_iter().find_map(|name| element.attr(name)).unwrap_or_default();
        assert!(source.is_empty() || source.starts_with("data:") || source.starts_with('#'), "{source}");
    }
    for style in all(&page, "style") {
        let text: String = style.text().collect();
        assert!(!text.contains("://") && !text.contains("@import"));
    }
}

#[test]
fn every_figure_has_words() {
    let page = page();
    let drawings = all(&page, "figure .card > svg");
    assert!(drawings.len() >= 6, "two widths of each figure");
    for drawing in drawings {
        assert_eq!(drawing.attr("role"), Some("img"));
        let words = drawing.attr("aria-label").unwrap();
        assert!(words.len() > 60, "{words}");
    }
    assert!(all(&page, "figure img").iter().all(|image| image.attr("alt").is_some_and(|words| words.len() > 60)));
    assert!(all(&page, "figcaption").iter().all(|caption| !caption.text().collect::<String>().trim().is_empty()));
}

#[test]
fn cells_of_tables_know_their_headers() {
    let page = page();
    assert!(all(&page, "th").iter().all(|header| header.attr("scope").is_some()));
    for table in all(&page, "table") {
        assert_eq!(table.select(&Selector::parse("caption").unwrap()).count(), 1);
    }
}

#[test]
fn the_files_alone_give_the_same_bytes() {
    let folder = copy(|name| name != "report.html");
    report(folder.path()).success();
    assert!(text(folder.path()) == text(GALLERY.path()));
    let without_figures = copy(|name| name != "report.html" && !name.ends_with(".svg"));
    report(without_figures.path()).success();
    assert!(text(without_figures.path()) == text(GALLERY.path()), "figures are drawn from the tables");
}

#[test]
fn figures_without_tables_are_enough() {
    let folder = copy(|name| name.ends_with(".json") || name.ends_with(".svg"));
    report(folder.path()).success();
    let page = Html::parse_document(&text(folder.path()));
    assert!(page.errors.is_empty() && all(&page, "figure .card > svg").len() >= 3);
}

#[test]
fn what_files_say_is_escaped() {
    let folder = copy(|name| name == "norm-effect.json");
    let path = folder.path().join("norm-effect.json");
    let record = std::fs::read_to_string(&path).unwrap();
    let mut record: Value = serde_json::from_str(&record).unwrap();
    record["claims"][0]["says"] = "<script>alert(1)</script> & \"more\"".into();
    std::fs::write(&path, record.to_string()).unwrap();
    report(folder.path()).success();
    let text = text(folder.path());
    assert!(!text.contains("<script") && text.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"));
}

#[test]
fn a_drawing_that_is_more_than_a_picture_is_refused() {
    let drawing = |inside: &str| format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>");
    let strangers = [
        "<script>alert(1)</script>",
        "<g onclick='alert(1)'/>",
        "<image href='https://example.org/x.png'/>",
        "<style>@import 'x.css'</style>",
        "<foreignObject/>",
    ];
    for stranger in strangers {
        let folder = copy(|name| name == "norm-effect.json");
        std::fs::write(folder.path().join("norm-effect.svg"), drawing(stranger)).unwrap();
        let output = report(folder.path()).code(2).get_output().clone();
        assert!(String::from_utf8_lossy(&output.stderr).contains("norm-effect.svg"), "{stranger}");
        assert!(!folder.path().join("report.html").exists());
    }
}

#[test]
fn an_animation_can_be_stopped() {
    let folder = copy(|name| name.starts_with("norm-effect."));
    std::fs::write(folder.path().join("norm-effect.gif"), b"GIF89a").unwrap();
    report(folder.path()).success();
    let page = Html::parse_document(&text(folder.path()));
    assert!(page.errors.is_empty());
    let image = all(&page, "figure.moving .motion img")[0];
    assert!(image.attr("src").unwrap().starts_with("data:image/gif;base64,"));
    assert!(image.attr("alt").unwrap().starts_with("Animation."));
    assert_eq!(all(&page, "figure.moving input[type=checkbox] + label").len(), 1);
    assert_eq!(all(&page, "figure.moving .still .card > svg").len(), 2);
    assert!(text(folder.path()).contains("prefers-reduced-motion:no-preference"));
}

#[test]
fn a_claim_of_ours_that_failed_is_told_first() {
    let folder = copy(|name| name == "norm-effect.json");
    let path = folder.path().join("norm-effect.json");
    let record = std::fs::read_to_string(&path).unwrap().replacen("\"as-stated\"", "\"not-as-stated\"", 1);
    std::fs::write(&path, record).unwrap();
    report(folder.path()).success();
    let page = Html::parse_document(&text(folder.path()));
    assert_eq!(all(&page, "#found .claims .bad").len(), 1);
    let answer: String = all(&page, "#found .answers p")[0].text().collect();
    assert!(answer.contains("did not come out as stated"), "{answer}");
}
