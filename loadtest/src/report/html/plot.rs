//! One plot: an SVG that stretches to any width, with labels in HTML, which do not stretch.

use super::axis::Axis;
use super::escape;
use std::fmt::Write as _;

/// Units of the picture on both sides; it is stretched to its place.
const SIZE: f64 = 1_000.0;
/// Points drawn of a line. More are drawn as the smallest and largest of each stretch: no peak is lost.
const MAX_POINTS: usize = 800;
/// A line is broken where two of its points are further apart than this many of its usual steps.
const GAP_STEPS: f64 = 3.0;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Line,
    /// A line, filled down to the axis.
    Area,
    /// A second line to compare with.
    Dashed,
    /// A thin bar from each point down to the axis.
    Bars,
    /// Pairs of points: a block from the first to the second, as high as they are.
    Blocks,
}

/// Values of one kind.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: &'static str,
    /// Number of its colour.
    pub(super) colour: u8,
    pub(super) shape: Shape,
    /// In rising order of x.
    pub(super) points: Vec<(f64, f64)>,
}

/// A plot, with what a reader who does not see it is told.
pub(super) struct Plot {
    pub(super) title: &'static str,
    /// What is measured, and in which unit.
    pub(super) about: String,
    /// The same in a sentence with the figures that matter.
    pub(super) summary: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) x_label: fn(f64) -> String,
    pub(super) y_label: fn(f64) -> String,
    pub(super) series: Vec<Series>,
    /// Shaded: from and to on the x axis.
    pub(super) window: Option<(f64, f64)>,
    /// Points are one a second, and missing seconds are left open.
    pub(super) per_second: bool,
}

impl Plot {
    /// The plot as a `figure`.
    pub(super) fn render(&self) -> String {
        let mut out = String::from("<figure class=\"plot\"><figcaption>");
        // Writing to a String does not fail, here and below.
        let _ = write!(
            out,
            "<h3>{}</h3><p>{}</p>",
            escape(self.title),
            escape(&self.about)
        );
        out.push_str(&self.legend());
        out.push_str("</figcaption><div class=\"area\">");
        out.push_str(&self.labels());
        out.push_str(&self.svg());
        out.push_str("</div></figure>\n");
        out
    }

    fn legend(&self) -> String {
        if self.series.len() < 2 {
            return String::new();
        }
        let entries = self.series.iter().map(|series| {
            let dashed = if series.shape == Shape::Dashed {
                " dashed"
            } else {
                ""
            };
            format!(
                "<li><i class=\"c{}{dashed}\"></i>{}</li>",
                series.colour,
                escape(series.name)
            )
        });
        format!("<ul class=\"legend\">{}</ul>", entries.collect::<String>())
    }

    fn labels(&self) -> String {
        let mut out = String::from("<div class=\"labels\" aria-hidden=\"true\">");
        for tick in self.y.ticks() {
            let bottom = 100.0 * self.y.place(tick);
            let text = escape(&(self.y_label)(tick));
            let _ = write!(
                out,
                "<span class=\"y\" style=\"bottom:{bottom:.2}%\">{text}</span>"
            );
        }
        for tick in self.x.ticks() {
            let left = 100.0 * self.x.place(tick);
            // A label at the end reaches back, or it would leave the page.
            let class = if left > 95.0 { "x end" } else { "x" };
            let text = escape(&(self.x_label)(tick));
            let _ = write!(
                out,
                "<span class=\"{class}\" style=\"left:{left:.2}%\">{text}</span>"
            );
        }
        out.push_str("</div>");
        out
    }

    fn svg(&self) -> String {
        let mut out = format!(
            "<svg viewBox=\"0 0 {SIZE} {SIZE}\" preserveAspectRatio=\"none\" role=\"img\"><title>{}</title><desc>{}</desc>",
            escape(self.title),
            escape(&self.summary)
        );
        if let Some((from, to)) = self.window {
            let (x, end) = (self.x.place(from) * SIZE, self.x.place(to) * SIZE);
            let _ = write!(
                out,
                "<rect class=\"steady\" x=\"{x:.1}\" y=\"0\" width=\"{:.1}\" height=\"{SIZE}\"/>",
                end - x
            );
        }
        for tick in self.y.ticks() {
            let y = SIZE * (1.0 - self.y.place(tick));
            let _ = write!(out, "<path class=\"grid\" d=\"M0 {y:.1}H{SIZE}\"/>");
        }
        for series in &self.series {
            out.push_str(&self.draw(series));
        }
        out.push_str("</svg>");
        out
    }

    fn draw(&self, series: &Series) -> String {
        let colour = series.colour;
        let points = thinned(&series.points);
        let runs = if self.per_second {
            runs(&points)
        } else {
            vec![points]
        };
        let mut out = String::new();
        let line: String = runs.iter().map(|run| self.line(run)).collect();
        match series.shape {
            Shape::Bars => {
                let bars: String = series.points.iter().map(|point| self.bar(*point)).collect();
                let _ = write!(out, "<path class=\"bars c{colour}\" d=\"{bars}\"/>");
            }
            Shape::Blocks => {
                let blocks: String = series.points.chunks(2).map(|pair| self.fill(pair)).collect();
                let _ = write!(out, "<path class=\"block c{colour}\" d=\"{blocks}\"/>");
            }
            Shape::Area => {
                let fill: String = runs.iter().map(|run| self.fill(run)).collect();
                let _ = write!(out, "<path class=\"fill c{colour}\" d=\"{fill}\"/>");
                let _ = write!(out, "<path class=\"line c{colour}\" d=\"{line}\"/>");
            }
            Shape::Line => {
                let _ = write!(out, "<path class=\"line c{colour}\" d=\"{line}\"/>");
            }
            Shape::Dashed => {
                let _ = write!(out, "<path class=\"line dashed c{colour}\" d=\"{line}\"/>");
            }
        }
        out
    }

    fn spot(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (SIZE * self.x.place(x), SIZE * (1.0 - self.y.place(y)))
    }

    fn line(&self, run: &[(f64, f64)]) -> String {
        let mut out = String::new();
        for (index, point) in run.iter().enumerate() {
            let (x, y) = self.spot(*point);
            let _ = write!(out, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
        }
        if run.len() == 1 {
            out.push_str("h1");
        }
        out
    }

    fn fill(&self, run: &[(f64, f64)]) -> String {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return String::new();
        };
        let (from, to) = (self.spot(*first).0, self.spot(*last).0);
        format!("{}L{to:.1} {SIZE}L{from:.1} {SIZE}Z", self.line(run))
    }

    fn bar(&self, point: (f64, f64)) -> String {
        let (x, y) = self.spot(point);
        format!("M{x:.1} {SIZE}V{y:.1}")
    }
}

/// Where the values are missing for a while, the line ends and begins again.
fn runs(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut steps: Vec<f64> = points
        .windows(2)
        .filter_map(|pair| Some(pair.get(1)?.0 - pair.first()?.0))
        .collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(0.0);
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    for point in points {
        let last = runs.last().and_then(|run| run.last());
        let close = last.is_some_and(|last| point.0 - last.0 <= usual * GAP_STEPS);
        match runs.last_mut().filter(|_| close) {
            Some(run) => run.push(*point),
            None => runs.push(vec![*point]),
        }
    }
    runs
}

/// The smallest and the largest of each stretch, in their order.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= MAX_POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(MAX_POINTS / 2);
    let ends = points.chunks(stretch).flat_map(|chunk| {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let low = chunk.iter().min_by(by_value).copied();
        let high = chunk.iter().max_by(by_value).copied();
        let mut ends: Vec<(f64, f64)> = low.into_iter().chain(high).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.dedup();
        ends
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_keeps_its_peak() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|x| (f64::from(x), 1.0)).collect();
        points[7_777].1 = 99.0;
        let thinned = thinned(&points);
        assert!(
            thinned.len() <= MAX_POINTS && thinned.contains(&(7_777.0, 99.0)),
            "{}",
            thinned.len()
        );
        assert!(thinned.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_line_has_no_bridge_over_missing_seconds() {
        let points = [1.0, 2.0, 3.0, 20.0, 21.0].map(|x| (x, 1.0));
        let runs = runs(&points);
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
    }
}
