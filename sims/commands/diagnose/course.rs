//! The course of a training as curves against the step, or against the checkpoint where steps are not known.

use embedding_norms::diagnosis::{Diagnosis, Forecast, State};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

/// Where step 0 stands on a logarithmic axis.
const START: f64 = 0.5;

/// From as many checkpoints on there is no tick for each.
const MANY: usize = 12;

/// Curves of a course: what it has of each checkpoint, against the same axis.
struct Curves<'a> {
    course: &'a [State],
    forecast: Option<&'a Forecast>,
    settled: Option<f64>,
}

/// Everything over the checkpoints.
pub fn figure(diagnosis: &Diagnosis) -> Figure {
    let curves = Curves {
        course: &diagnosis.course,
        forecast: diagnosis.forecast.as_ref(),
        settled: diagnosis.settled.map(|settled| settled.norm),
    };
    let panels = [
        curves.norms(),
        curves.turned(),
        curves.over_best(),
        curves.alignment(),
        curves.ledger(),
        curves.of("Effective rank", "effective rank", 3, |state| Some(state.effective_rank)),
        curves.of("Mean cosine", "mean cosine", 0, |state| state.mean_cosine),
        curves
            .correlation("Norm and crowding", 1, |state| Some((state.distance_correlation?, state.distance_interval))),
        curves
            .correlation("Norm and labels", 2, |state| Some((state.agreement_correlation?, state.agreement_interval))),
    ];
    let text = "The course of the answers over the checkpoints, a panel for each: norms, and where they are known the angle \
                turned, the step over the one to aim at, alignment of positives, growth of squared norms, effective rank, mean \
                cosine and rank correlations.";
    Figure::new(text).caption(curves.caption()).columns(3).panels(panels.into_iter().flatten())
}

impl Curves<'_> {
    /// Where a checkpoint stands.
    fn place(&self, checkpoint: usize) -> f64 {
        match self.course[checkpoint].step {
            Some(step) => (step as f64).max(START),
            None => checkpoint as f64,
        }
    }

    fn x(&self) -> Axis {
        let last = self.course.len() - 1;
        let Some(end) = self.course[last].step else {
            let axis = Axis::linear("checkpoint");
            let ticks = (0..=last).map(|place| (place as f64, place.to_string()));
            return if last < MANY { axis.ticks(ticks.collect::<Vec<_>>()) } else { axis };
        };
        let (first, end) = (self.place(0), (end as f64).max(2.0 * START));
        let decades = (0..).map(|power| libm::pow(10.0, f64::from(power))).take_while(|step| *step <= end);
        let zero = (first == START).then(|| (START, "0".to_owned()));
        let ticks = zero.into_iter().chain(decades.filter(|step| *step >= first).map(|step| (step, shown(step))));
        Axis::logarithmic("step").ticks(ticks.collect::<Vec<_>>())
    }

    /// The points at which a value is known.
    fn points<T>(&self, value: impl Fn(&State) -> Option<T>) -> Vec<(f64, T)> {
        let point = |(place, state): (usize, &State)| Some((self.place(place), value(state)?));
        self.course.iter().enumerate().filter_map(point).collect()
    }

    /// A band between two values.
    fn band(&self, bounds: impl Fn(&State) -> Option<(f64, f64)>) -> Vec<(f64, f64, f64)> {
        self.points(bounds).into_iter().map(|(x, (low, high))| (x, low, high)).collect()
    }

    fn panel(&self, title: &str, y: Axis) -> Panel {
        Panel::new(self.x(), y).title(title).legend(Legend::Hidden)
    }

    /// A curve; none of fewer than two points.
    fn of(&self, title: &str, label: &str, index: usize, value: impl Fn(&State) -> Option<f64>) -> Option<Panel> {
        let points = self.points(value);
        (points.len() > 1).then(|| self.panel(title, Axis::linear(label)).layers(curve(title, points, index)))
    }

    /// The median with nine of ten embeddings, and where decay lets them settle.
    fn norms(&self) -> Option<Panel> {
        let band = self.band(|state| Some((state.norms.quantiles[1], state.norms.quantiles[5])));
        let medians = self.points(|state| Some(state.norms.median()));
        let panel = self
            .panel("Norm", Axis::linear("norm (median, 5 % to 95 %)"))
            .layer(Layer::band("5 % to 95 %", band).style(Style::series(0).opacity(0.25)))
            .layers(curve("median", medians, 0));
        Some(match self.settled {
            Some(norm) => panel.layer(Layer::horizontal_line("ρ* (S3)", norm)),
            None => panel,
        })
    }

    /// The angle of a step beside the best one; the angle between checkpoints where steps are not known.
    fn turned(&self) -> Option<Panel> {
        let band = self.band(|state| state.turned_per_step);
        if band.len() < 2 {
            return self.of("Rotation since the one before", "angle (rad)", 1, |state| state.turned);
        }
        let best = self.points(|state| state.best_turn);
        let middle = band.iter().map(|&(x, low, high)| (x, (low * high).sqrt())).collect();
        let panel = self
            .panel("Rotation per step", Axis::logarithmic("angle (rad)"))
            .layer(Layer::band("bounds", band).style(Style::series(1).opacity(0.25)))
            .layers(curve("measured", middle, 1));
        Some(if best.len() > 1 {
            panel.layer(Layer::line("half of positives, φ/2", best).style(Style::theory()))
        } else {
            panel
        })
    }

    fn over_best(&self) -> Option<Panel> {
        let band = self.band(|state| state.over_best);
        if band.len() < 2 {
            return None;
        }
        let middle = band.iter().map(|&(x, low, high)| (x, (low * high).sqrt())).collect();
        let panel = self
            .panel("Step over the one to aim at", Axis::logarithmic("ratio"))
            .layer(Layer::band("bounds", band).style(Style::series(2).opacity(0.25)))
            .layers(curve("ratio", middle, 2));
        Some(panel.layer(Layer::horizontal_line("aim", 1.0)))
    }

    /// The alignment of positives, and what the first part of the checkpoints says of the rest.
    fn alignment(&self) -> Option<Panel> {
        let measured = self.points(|state| state.alignment);
        if measured.len() < 2 {
            return None;
        }
        let panel = self.panel("Positives", Axis::linear("mean 1 − cos"));
        let panel = match self.forecast {
            Some(forecast) => {
                let rest = &forecast.rest;
                let band = rest.iter().map(|it| (self.place(it.checkpoint), it.interval.0, it.interval.1)).collect();
                let line = rest.iter().map(|it| (self.place(it.checkpoint), it.predicted)).collect();
                panel
                    .layer(Layer::band("interval", band).style(Style::theory().opacity(0.2)))
                    .layer(Layer::line("L4", line).style(Style::theory()))
            }
            None => panel,
        };
        Some(panel.layers(curve("measured", measured, 3)))
    }

    /// Growth of ρ² beside what rotations add, and beside the budget.
    fn ledger(&self) -> Option<Panel> {
        let growth = self.points(|state| Some(state.ledger?.growth));
        if growth.len() < 2 {
            return None;
        }
        let rotations = self.band(|state| state.ledger?.rotations);
        let budget = self.points(|state| state.ledger?.budget);
        let mut panel = self.panel("Ledger", Axis::linear("growth of the mean ρ²"));
        if rotations.len() > 1 {
            panel = panel.layer(Layer::band("rotations", rotations).style(Style::theory().opacity(0.2)));
        }
        if budget.len() > 1 {
            panel = panel.layer(Layer::line("γ(L_0 − L)", budget).style(Style::theory()));
        }
        Some(panel.layers(curve("measured", growth, 0)))
    }

    /// A rank correlation with its interval.
    fn correlation(
        &self,
        title: &str,
        index: usize,
        value: impl Fn(&State) -> Option<(f64, Option<(f64, f64)>)>,
    ) -> Option<Panel> {
        let points: Vec<(f64, f64)> = self.points(|state| Some(value(state)?.0));
        if points.len() < 2 {
            return None;
        }
        let band = self.band(|state| value(state)?.1);
        let panel = self
            .panel(title, Axis::linear("Spearman’s r_s"))
            .layer(Layer::band("95 %", band).style(Style::series(index).opacity(0.25)))
            .layers(curve("measured", points, index));
        Some(panel.layer(Layer::horizontal_line("", 0.0)))
    }

    fn caption(&self) -> String {
        let mut caption = if self.course[0].step.is_some() {
            "Bands: nine of ten norms; bounds of a step between two checkpoints; 95 % intervals.".to_owned()
        } else {
            let name = |place: usize| format!("{place}: {}", self.course[place].name);
            match self.course.len() {
                few @ ..=6 => (0..few).map(name).collect::<Vec<_>>().join(", "),
                many => format!("{} to {}", name(0), name(many - 1)),
            }
        };
        let is_drawn = |points: usize| points > 1;
        let turned = self.points(|state| state.turned_per_step).len();
        if is_drawn(turned) && is_drawn(self.points(|state| state.best_turn).len()) {
            caption +=
                " Rotation: the plain line is half the angle of positives, the best rotation of free pairs (L8).";
        }
        if is_drawn(self.points(|state| state.ledger?.rotations).len()) {
            caption += " Ledger: the band is what rotations at right angles add (D2, S2)";
            let is_budget = is_drawn(self.points(|state| state.ledger?.budget).len());
            caption += if is_budget { ", the plain line γ(L_0 − L) (S1)." } else { "." };
        }
        if let Some(forecast) = self.forecast {
            let last = &self.course[forecast.last];
            let last = last.step.map_or_else(|| last.name.clone(), |step| format!("step {step}"));
            caption += &format!(" Positives: the plain line is predicted by L4 from the checkpoints up to {last}.");
        }
        caption
    }
}

/// A line with a mark at each checkpoint, or without marks where there are many.
fn curve(name: &str, points: Vec<(f64, f64)>, index: usize) -> Vec<Layer> {
    let style = Style::series(index);
    vec![Layer::line(name, points.clone()).style(style), Layer::markers(name, points).style(style)]
}

/// A power of ten on an axis.
fn shown(step: f64) -> String {
    if step < 1e5 { format!("{step}") } else { format!("1e{}", libm::log10(step).round()) }
}
