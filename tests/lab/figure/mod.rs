//! The house style: what an SVG holds, that nothing overlaps, that the formats agree, and how each layer looks.

mod samples;

use embedding_norms_lab::figure::{
    self, Axis, Figure, FigureError, Image, Layer, Legend, Panel, Raster, Scale, Side, Size, Style,
};
use proptest::prelude::*;
use roxmltree::Document;

use self::samples::*;
use crate::rendering::{overlaps, png, text_boxes};
use crate::repository::root;
use crate::support::seeds;

/// The variable of the environment that asks for new snapshots.
const UPDATE: &str = "UPDATE_SNAPSHOTS";
const SIZES: [Size; 3] = [Size::OneColumn, Size::TwoColumns, Size::Slides];

fn labels(svg: &str) -> Vec<String> {
    text_boxes(svg).unwrap().into_iter().map(|text| text.text).collect()
}

fn count_class(document: &Document<'_>, class: &str) -> usize {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
}

#[test]
fn no_text_overlaps_another_or_leaves_the_page() {
    for (name, figure) in figures() {
        for size in SIZES {
            let svg = figure.to_svg(size).unwrap();
            assert_eq!(overlaps(&svg).unwrap(), Vec::<String>::new(), "{name}, {size:?}");
        }
    }
}

#[test]
fn overlaps_are_found() {
    let page = |second: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='100' height='100'>\
             <text x='10' y='50' font-size='10'>first</text>{second}</svg>"
        )
    };
    let found = |second: &str| overlaps(&page(second)).unwrap().len();
    assert_eq!(found(""), 0);
    assert_eq!(found("<text x='20' y='52' font-size='10'>second</text>"), 1);
    assert_eq!(found("<text x='60' y='90' font-size='10' transform='rotate(-90 60 90)'>upright</text>"), 0);
    assert_eq!(found("<text x='20' y='70' font-size='10' transform='rotate(-90 20 70)'>upright</text>"), 1);
    assert_eq!(found("<text x='80' y='90' font-size='10'>outside</text>"), 1);
}

/// The width and the height of every plot, from its axes.
fn plots(svg: &str) -> Vec<(f64, f64)> {
    let document = Document::parse(svg).unwrap();
    let axes = document.descendants().filter(|node| node.attribute("class") == Some("axes"));
    let corners = axes.filter_map(|group| {
        let path = group.children().find(|node| node.has_tag_name("path"))?.attribute("d")?;
        let numbers = path.trim_start_matches('M').split(' ').map(|number| number.parse::<f64>());
        numbers.collect::<Result<Vec<_>, _>>().ok().filter(|numbers| numbers.len() == 6)
    });
    corners.map(|at| (at[4] - at[0], at[3] - at[1])).collect()
}

#[test]
fn many_panels_in_one_column_are_not_flat() {
    for (count, shared) in [(5, false), (6, false), (15, true)] {
        let panel = |index: usize| {
            let points = (1..=6).map(|k| (f64::from(k), f64::from(k * k))).collect();
            Panel::new(Axis::logarithmic("norm"), Axis::logarithmic("steps"))
                .title(format!("rule {index}"))
                .layer(Layer::line("", points))
        };
        let figure = Figure::new("Many panels.").columns(5).panels((0..count).map(panel));
        let svg = if shared { figure.shared_axes() } else { figure }.to_svg(Size::OneColumn).unwrap();
        let plots = plots(&svg);
        assert_eq!(plots.len(), count);
        assert!(plots.iter().all(|(width, height)| height >= &(0.35 * width)), "{count}: {plots:?}");
        assert_eq!(overlaps(&svg).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn every_name_along_an_axis_is_shown() {
    let rules = ["GD", "heavy-ball", "Nesterov", "SGDP", "Adam", "AdamW", "AdamP", "RMSProp", "AdaGrad", "Lion"];
    let encoders = ["free embeddings", "a row per input", "shared linear", "perceptron"];
    for (names, lines) in [(&rules[..], false), (&encoders[..], true)] {
        for size in SIZES {
            let ticks = names.iter().enumerate().map(|(place, name)| (place as f64, (*name).to_owned()));
            let x = Axis::linear("rule").range(-0.5, names.len() as f64 - 0.5).ticks(ticks);
            let points = (0..names.len()).map(|place| (place as f64, 1.0 + place as f64)).collect();
            let panel =
                Panel::new(x, Axis::linear("a long name of a quantity, per step")).layer(Layer::markers("", points));
            let svg = Figure::new("").columns(2).panel(panel.clone()).panel(panel).to_svg(size).unwrap();
            let shown = labels(&svg);
            for name in names {
                let parts: Vec<&str> = if lines { name.split(' ').collect() } else { vec![name] };
                let found = parts.iter().all(|part| shown.iter().any(|label| label.contains(part)));
                assert!(found, "{size:?}: '{name}' is not among {shown:?}");
            }
            assert_eq!(overlaps(&svg).unwrap(), Vec::<String>::new(), "{size:?}");
        }
    }
}

#[test]
fn a_note_stays_in_its_plot() {
    let corners = [(1e-2, 1e-2), (1e-2, 1e2), (1e2, 1e-2), (1e2, 1e2)];
    let axis = || Axis::logarithmic("norm").range(1e-2, 1e2);
    for (layer, (x, y), side) in corners.into_iter().flat_map(|corner| {
        let sides = [Side::Above, Side::Below, Side::Left, Side::Right];
        let layers = [Layer::raster(raster(12)), Layer::line("", vec![(0.1, 0.1), (1.0, 1.0)])];
        layers.into_iter().flat_map(move |layer| sides.map(|side| (layer.clone(), corner, side)))
    }) {
        let panel = Panel::new(axis(), axis()).layer(layer).note(x, y, "fails", side);
        let svg = Figure::new("").panel(panel).to_svg(Size::OneColumn).unwrap();
        let document = Document::parse(&svg).unwrap();
        let axes = document.descendants().find(|node| node.attribute("class") == Some("axes")).unwrap();
        let path = axes.children().filter_map(|node| node.attribute("d")).find(|d| d.split(' ').count() == 6).unwrap();
        let at: Vec<f64> = path.trim_start_matches('M').split(' ').map(|number| number.parse().unwrap()).collect();
        let note = text_boxes(&svg).unwrap().into_iter().find(|text| text.text == "fails").unwrap();
        let inside = note.left > at[0] && note.right < at[4] && note.top > at[1] && note.bottom < at[3];
        assert!(inside, "{side:?} of ({x}, {y}): {note:?} in {at:?}");
    }
}

#[test]
fn marks_in_a_legend_are_no_specks() {
    let points: Vec<(f64, f64)> = (0..40).map(|k| (f64::from(k), f64::from(k % 7))).collect();
    let layer = Layer::markers("a cloud", points).style(Style::series(0).size(0.3).opacity(0.3));
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).layer(layer).legend(Legend::Below);
    let svg = Figure::new("").panel(panel).to_svg(Size::OneColumn).unwrap();
    let document = Document::parse(&svg).unwrap();
    let in_panel = |node: &roxmltree::Node<'_, '_>| node.ancestors().any(|one| one.attribute("class") == Some("panel"));
    let circles = document.descendants().filter(|node| node.has_tag_name("circle"));
    let radius = |node: roxmltree::Node<'_, '_>| node.attribute("r").unwrap().parse::<f64>().unwrap();
    let (cloud, legend): (Vec<_>, Vec<_>) = circles.partition(in_panel);
    let largest = cloud.into_iter().map(radius).fold(0.0, f64::max);
    let smallest = legend.into_iter().map(radius).fold(f64::INFINITY, f64::min);
    assert!(smallest.is_finite() && smallest > 1.5 * largest, "{smallest} beside {largest}");
}

#[test]
fn an_svg_says_what_it_shows() {
    let svg = two_panels().to_svg(Size::TwoColumns).unwrap();
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let child = |name: &str| root.children().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
    assert_eq!(child("title"), Some("Steps grow with the square of the norm"));
    assert!(child("desc").unwrap().contains("linear and on logarithmic"));
    assert!(child("style").unwrap().starts_with("@font-face"));
    let classes = ["panel", "band", "line", "markers", "vertical-line", "raster"];
    assert_eq!(classes.map(|class| count_class(&document, class)), [2, 2, 2, 4, 2, 0]);
    let texts = labels(&svg);
    let count = |text: &str| texts.iter().filter(|label| *label == text).count();
    assert_eq!(["initial norm ‖z‖", "closed form", "published", "ρ = 1", "3432"].map(count), [2; 5]);
    assert!(svg.len() < 70_000, "{} bytes", svg.len());
}

#[test]
fn shared_axes_are_labelled_once() {
    let texts = labels(&small_multiples().to_svg(Size::TwoColumns).unwrap());
    let count = |text: &str| texts.iter().filter(|label| *label == text).count();
    assert_eq!([count("step"), count("1 − cos φ"), count("‖z‖ = 0.5")], [1, 1, 1]);
    assert_eq!(count("60"), 3, "the x axis under the lower row: {texts:?}");
    assert_eq!(count("10⁰"), 2, "the y axis beside the left column: {texts:?}");
}

#[test]
fn a_heat_map_is_one_image_and_a_colour_bar_another() {
    let svg = heat_map().to_svg(Size::OneColumn).unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("image")).count(), 2);
    assert_eq!(count_class(&document, "colour-bar"), 1);
    assert!(labels(&svg).contains(&"ratio".to_owned()));
}

#[test]
fn a_legend_without_room_moves_below_the_plot() {
    let draw = |points: Vec<(f64, f64)>| {
        let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).layer(Layer::line("a name", points));
        let svg = Figure::new("").panel(panel).to_svg(Size::OneColumn).unwrap();
        let boxes = text_boxes(&svg).unwrap();
        let find = |text: &str| boxes.iter().find(|found| found.text == text).unwrap().clone();
        find("a name").top > find("x").bottom
    };
    assert!(!draw(vec![(0.0, 0.0), (1.0, 1.0)]));
    assert!(draw((0..400).map(|k| (f64::from(k), f64::from(k % 2))).collect()));
}

#[test]
fn the_contour_of_a_ratio_is_the_diagonal() {
    let contour = raster(60).contour(1.0, Scale::Logarithmic, Scale::Logarithmic);
    let finite: Vec<(f64, f64)> = contour.iter().copied().filter(|point| point.0.is_finite()).collect();
    assert!(finite.len() > 50);
    assert!(finite.iter().all(|(x, y)| (x / y).ln().abs() < 0.2));
    assert_eq!(contour.iter().filter(|point| point.0.is_nan()).count(), 1, "one unbroken line");
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    for (name, figure) in figures() {
        let (one, other) = (figure.to_svg(Size::OneColumn).unwrap(), figure.to_svg(Size::OneColumn).unwrap());
        assert!(one == other, "{name} as SVG");
        assert!(png(&one, 1.0).unwrap() == png(&one, 1.0).unwrap(), "{name} as PNG");
        assert!(figure::pdf(&one) == figure::pdf(&one), "{name} as PDF");
    }
    assert_ne!(two_panels().to_svg(Size::OneColumn).unwrap(), two_panels().to_svg(Size::TwoColumns).unwrap());
}

#[cfg(feature = "pdf")]
#[test]
fn a_pdf_holds_text_with_its_fonts() {
    use embedding_norms_lab::figure::pdf;
    let bytes = pdf(&two_panels().to_svg(Size::TwoColumns).unwrap()).unwrap();
    let holds = |bytes: &[u8], wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    assert!(bytes.starts_with(b"%PDF-1.7"));
    for wanted in ["/FontFile2", "/ToUnicode", "DejaVuSans", "DejaVuSans-Bold", "Steps against the initial norm"] {
        assert!(holds(&bytes, wanted), "{wanted}");
    }
    assert!(holds(&bytes, "[0 0 504 "), "the page has the width of the SVG");
    let empty = pdf("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>").unwrap();
    assert!(!holds(&empty, "/ToUnicode"));
}

#[cfg(feature = "png")]
#[test]
fn an_animation_loops_and_is_small() {
    use embedding_norms_lab::figure::animation;
    let frames: Vec<String> = (0..60).map(|k| ball(0.1 * f64::from(k)).to_svg(Size::OneColumn).unwrap()).collect();
    let file = animation(&frames, 1.5, 5).unwrap();
    assert!(file.len() < 2 << 20, "{} bytes", file.len());
    assert_eq!(file, animation(&frames, 1.5, 5).unwrap());
    let mut decoder = gif::DecodeOptions::new().read_info(&file[..]).unwrap();
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    let mut count = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.delay, 5);
        count += 1;
    }
    assert_eq!(count, 60);
    assert!(matches!(animation(&[], 1.0, 5), Err(FigureError::Frames(_))));
    let other = histogram().to_svg(Size::Slides).unwrap();
    assert!(matches!(animation(&[frames[0].clone(), other], 1.0, 5), Err(FigureError::Frames(_))));
}

/// The library's own PNG is what the tests look at; formats that are left out are refused with their feature.
#[test]
fn a_format_is_made_or_refused_with_its_feature() {
    let svg = ball(0.4).to_svg(Size::OneColumn).unwrap();
    let refused = |format, feature| Err(FigureError::LeftOut { format, feature });
    let expected = if figure::PNG { Ok(png(&svg, 1.0).unwrap()) } else { refused("PNG", "png") };
    assert!(figure::png(&svg, 1.0) == expected);
    assert_eq!(figure::animation(std::slice::from_ref(&svg), 1.0, 5).is_ok(), figure::PNG);
    assert_eq!(figure::pdf(&svg).is_ok(), figure::PDF);
    if !figure::PDF {
        assert_eq!(figure::pdf(&svg), refused("PDF", "pdf"));
        assert!(figure::pdf(&svg).unwrap_err().to_string().contains("--features pdf"));
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_by_name() {
    let draw = |x: Axis, layer: Layer| {
        let panel = Panel::new(x, Axis::linear("y")).title("speed").layer(layer);
        Figure::new("").panel(panel).to_svg(Size::OneColumn).map(|_| ())
    };
    let line = |points: &[(f64, f64)]| Layer::line("decay", points.to_vec());
    let (panel, axis) = ("speed".to_owned(), "x");
    assert_eq!(draw(Axis::linear("x"), line(&[])), Err(FigureError::NoData { panel: panel.clone(), axis }));
    let layer = "decay".to_owned();
    let expected = FigureError::NotPositive { panel: panel.clone(), layer, axis, value: 0.0 };
    assert!(expected.to_string().contains("panel 'speed', layer 'decay': 0 on the logarithmic x axis"));
    assert_eq!(draw(Axis::logarithmic("x"), line(&[(0.0, 1.0), (1.0, 2.0)])), Err(expected));
    for (from, to) in [(2.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let outcome = draw(Axis::linear("x").range(from, to), line(&[(1.0, 1.0)]));
        assert!(matches!(outcome, Err(FigureError::Range { .. })), "{from} to {to}");
    }
    let outcome = draw(Axis::logarithmic("x").range(0.0, 1.0), line(&[(1.0, 1.0)]));
    assert!(matches!(outcome, Err(FigureError::Range { .. })));
    let ragged = Raster::new(3, vec![1.0; 7], (0.0, 1.0), (0.0, 1.0), Axis::linear(""));
    assert_eq!(
        draw(Axis::linear("x"), Layer::raster(ragged)),
        Err(FigureError::Grid { panel: panel.clone(), values: 7, columns: 3 })
    );
    let ragged = Image::new(2, vec![1.0; 5], (0.0, 1.0), (0.0, 1.0));
    assert_eq!(draw(Axis::linear("x"), Layer::image(ragged)), Err(FigureError::Grid { panel, values: 5, columns: 2 }));
    let outcome = draw(Axis::linear("漢"), line(&[(1.0, 1.0), (2.0, 2.0)]));
    assert_eq!(outcome, Err(FigureError::Letter { text: "漢".to_owned(), letter: '漢' }));
    assert!(matches!(Figure::new("").to_svg(Size::Slides), Err(FigureError::NoPanels { .. })));
    assert_eq!("two-columns".parse::<Size>(), Ok(Size::TwoColumns));
    assert!("poster".parse::<Size>().is_err());
}

#[test]
fn a_point_that_is_not_finite_breaks_a_line() {
    let draw = |middle: f64| {
        let points = vec![(0.0, 1.0), (1.0, 2.0), (2.0, middle), (3.0, 2.0), (4.0, 1.0)];
        let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).layer(Layer::line("", points));
        let svg = Figure::new("").panel(panel).to_svg(Size::OneColumn).unwrap();
        let document = Document::parse(&svg).unwrap();
        let line = document.descendants().find(|node| node.attribute("class") == Some("line")).unwrap();
        line.descendants().filter(|node| node.has_tag_name("path")).count()
    };
    assert_eq!([draw(2.5), draw(f64::NAN), draw(f64::INFINITY)], [1, 2, 2]);
}

proptest! {
    #![proptest_config(seeds::seeded(48))]

    #[test]
    fn any_range_is_drawn_without_overlaps(
        centre in -3.0..3.0_f64,
        spread in -5.0..5.0_f64,
        magnitude in -6.0..7.0_f64,
        logarithmic: bool,
        slides: bool,
    ) {
        let value = |share: f64| {
            if logarithmic {
                libm::pow(10.0, magnitude + share * (spread + 5.1))
            } else {
                (centre + share * libm::pow(10.0, spread / 2.0)) * libm::pow(10.0, magnitude)
            }
        };
        let axis = |label: &str| if logarithmic { Axis::logarithmic(label) } else { Axis::linear(label) };
        let points: Vec<(f64, f64)> = (0..=20).map(|k| value(f64::from(k) / 20.0)).map(|at| (at, at)).collect();
        let panel = Panel::new(axis("a quantity (unit)"), axis("another (unit)"))
            .title("A title of some length above the plot")
            .layer(Layer::line("first", points.clone()))
            .layer(Layer::markers("second", points));
        let figure = Figure::new("Anything.").columns(2).panel(panel.clone()).panel(panel);
        let svg = figure.to_svg(if slides { Size::Slides } else { Size::TwoColumns }).unwrap();
        prop_assert_eq!(overlaps(&svg).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn every_layer_looks_as_it_did() {
    for (name, figure) in figures() {
        let image = png(&figure.to_svg(Size::OneColumn).unwrap(), 1.0).unwrap();
        let path = root().join(format!("tests/snapshots/{name}.png"));
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &image).unwrap();
        }
        let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; set {UPDATE}=1", path.display()));
        let (share, size) = difference(&image, &kept);
        assert!(size && share < 0.002, "{name}: {share} of the pixels differ; look, then set {UPDATE}=1");
    }
}

#[test]
fn another_figure_is_told_from_a_snapshot() {
    let draw = |figure: Figure| png(&figure.to_svg(Size::OneColumn).unwrap(), 1.0).unwrap();
    let (share, same_size) = difference(&draw(ball(0.4)), &draw(ball(0.5)));
    assert!(same_size && share > 0.002, "{share}");
    assert!(!difference(&draw(ball(0.4)), &draw(histogram())).1);
}

/// The share of pixels that differ by more than an eighth of the range in a channel, and whether the sizes agree.
fn difference(one: &[u8], other: &[u8]) -> (f64, bool) {
    let decode = |file: &[u8]| {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    };
    let ((width, height, one), (other_width, other_height, other)) = (decode(one), decode(other));
    let differ = |(a, b): (&[u8], &[u8])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 32);
    let count = one.chunks(4).zip(other.chunks(4)).filter(|pair| differ(*pair)).count();
    (count as f64 / f64::from(width * height), (width, height) == (other_width, other_height))
}
