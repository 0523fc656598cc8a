//! Progress of a run as a bar on a terminal, as plain lines elsewhere, or as JSON lines.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pdesolve::case::progress::{Finished, Progress, Silent, Started, Stepped};
use pdesolve::core::Iterate;
use serde_json::json;

use crate::args::Voice;
use crate::terminal::{say, tell};

/// The progress that fits the arguments and the place standard error leads to.
pub(crate) fn for_voice(voice: Voice) -> Box<dyn Progress> {
    if voice.json {
        Box::new(JsonLines {
            pace: Pace::every(1.0),
        })
    } else if voice.quiet {
        Box::new(Silent)
    } else {
        let terminal = std::io::stderr().is_terminal();
        Box::new(Human {
            bar: None,
            terminal,
            verbose: voice.verbose,
            pace: Pace::every(if terminal { 0.1 } else { 5.0 }),
            start: 0.0,
            end: 0.0,
            first_residual: 0.0,
            began: Instant::now(),
        })
    }
}

/// Limits how often something is done. Looks at the clock only, so that it costs next to
/// nothing beside a step.
struct Pace {
    every: Duration,
    last: Instant,
}

impl Pace {
    fn every(seconds: f64) -> Self {
        Self {
            every: Duration::from_secs_f64(seconds),
            last: Instant::now(),
        }
    }

    fn is_due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.every;
        if due {
            self.last = Instant::now();
        }
        due
    }
}

/// A bar, or lines, for people.
struct Human {
    bar: Option<ProgressBar>,
    terminal: bool,
    verbose: bool,
    pace: Pace,
    start: f64,
    end: f64,
    /// Of the first guess of a steady problem.
    first_residual: f64,
    began: Instant,
}

/// Units of the bar: indicatif counts whole numbers.
const TICKS: f64 = 10_000.0;

impl Human {
    fn share(&self, time: f64) -> f64 {
        ((time - self.start) / (self.end - self.start)).clamp(0.0, 1.0)
    }

    /// A line that does not tear the bar.
    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(text)),
            None => tell(text),
        }
    }
}

impl Progress for Human {
    fn note(&mut self, text: &str) {
        self.line(&format!("note: {text}"));
    }

    fn started(&mut self, run: &Started) {
        self.start = run.start;
        self.end = run.end;
        self.began = Instant::now();
        tell(&run.title);
        let from = if run.steps > 0 {
            format!(
                "resumed at t = {} after {} steps",
                number(run.start),
                run.steps
            )
        } else {
            format!("from t = {}", number(run.start))
        };
        if run.steady {
            tell(&format!("  {}, into {}", run.summary, run.output.display()));
        } else {
            tell(&format!(
                "  {}, {from} to {}, into {}",
                run.summary,
                number(run.end),
                run.output.display()
            ));
        }
        if self.terminal {
            let bar =
                ProgressBar::with_draw_target(Some(TICKS as u64), ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left")
            {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
    }

    fn step(&mut self, step: &Stepped, monitor: &mut dyn FnMut() -> Vec<(String, f64)>) {
        if !self.pace.is_due() {
            return;
        }
        let monitored: String = monitor()
            .iter()
            .map(|(name, value)| format!("  {name} {value:.4e}"))
            .collect();
        let text = format!(
            "step {}  t {}  dt {:.2e}{monitored}",
            step.index,
            number(step.time),
            step.dt
        );
        let share = self.share(step.time);
        match &self.bar {
            Some(bar) => {
                bar.set_position((share * TICKS) as u64);
                bar.set_message(text);
            }
            None => {
                let elapsed = self.began.elapsed().as_secs_f64();
                let left = elapsed * (1.0 - share) / share.max(1e-6);
                tell(&format!(
                    "  {:>3.0} %  {text}  {} left",
                    100.0 * share,
                    seconds(left)
                ));
            }
        }
    }

    fn iteration(&mut self, iterate: &Iterate) {
        if iterate.index == 0 {
            self.first_residual = iterate.residual;
        }
        if !self.pace.is_due() {
            return;
        }
        let text = format!(
            "iteration {}  residual {:.2e}  target {:.2e}",
            iterate.index, iterate.residual, iterate.target
        );
        // Digits gained of those wanted.
        let digits = |residual: f64| (self.first_residual / residual).log10();
        let share = (digits(iterate.residual) / digits(iterate.target)).clamp(0.0, 1.0);
        match &self.bar {
            Some(bar) => {
                bar.set_position((share * TICKS) as u64);
                bar.set_message(text);
            }
            None => tell(&format!("  {:>3.0} %  {text}", 100.0 * share)),
        }
    }

    fn output(&mut self, time: f64, frame: usize) {
        if self.verbose {
            self.line(&format!("  frame {frame} at t = {}", number(time)));
        }
    }

    fn checkpoint(&mut self, time: f64) {
        if self.verbose {
            self.line(&format!("  checkpoint at t = {}", number(time)));
        }
    }

    fn finished(&mut self, run: &Finished) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if let Some(solve) = &run.solve {
            say(&format!(
                "{} in {}: {} iterations of {}, relative residual {:.3e}",
                if run.reached_end {
                    "Solved"
                } else {
                    "Interrupted"
                },
                seconds(run.wall_seconds),
                solve.iterations,
                solve.method,
                solve.relative_residual
            ));
            results(run);
            say(&format!("Wrote {}", run.output.display()));
            return;
        }
        let steps = match (run.dt_range, run.rejected) {
            (None, _) => "no step was needed".to_owned(),
            (Some((low, high)), rejected) => {
                let size = if (high - low) <= 1e-9 * high {
                    format!("of {high:.4e}")
                } else {
                    format!("of {low:.2e} to {high:.2e}")
                };
                let refused = match rejected {
                    0 => String::new(),
                    n => format!(", {n} refused"),
                };
                format!("{} steps {size}{refused}", run.steps)
            }
        };
        say(&format!(
            "{} t = {} in {}: {steps}",
            if run.reached_end {
                "Reached"
            } else {
                "Interrupted at"
            },
            number(run.time),
            seconds(run.wall_seconds)
        ));
        results(run);
        say(&format!(
            "Wrote {} frames into {}",
            run.frames,
            run.output.display()
        ));
    }
}

/// The point of a sweep that is being run, as a line below its table. Nothing where standard error
/// is no terminal: the rows of the table tell then.
pub(crate) struct PointBar {
    bar: ProgressBar,
    pace: Pace,
    point: String,
    start: f64,
    end: f64,
}

impl PointBar {
    pub(crate) fn new(points: usize, hidden: bool) -> Self {
        let target = if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(points as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len}  {msg}  {elapsed}") {
            bar.set_style(style);
        }
        Self {
            bar,
            pace: Pace::every(0.1),
            point: String::new(),
            start: 0.0,
            end: 0.0,
        }
    }

    /// A point begins; `number` were done before it.
    pub(crate) fn begin(&mut self, number: usize, text: &str) {
        text.clone_into(&mut self.point);
        self.bar.set_position(number as u64);
        self.bar.set_message(self.point.clone());
    }

    pub(crate) fn started(&mut self, run: &Started) {
        self.start = run.start;
        self.end = run.end;
    }

    pub(crate) fn time(&mut self, time: f64) {
        if self.pace.is_due() {
            let percent = 100.0 * ((time - self.start) / (self.end - self.start)).clamp(0.0, 1.0);
            self.bar
                .set_message(format!("{}  {percent:.0} %", self.point));
        }
    }

    pub(crate) fn iteration(&mut self, iterate: &Iterate) {
        if self.pace.is_due() {
            self.bar.set_message(format!(
                "{}  iteration {}  residual {:.2e}",
                self.point, iterate.index, iterate.residual
            ));
        }
    }

    /// Writes something that the bar does not tear.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }
}

impl Drop for PointBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Names and values of what is worth a look.
fn results(run: &Finished) {
    let longest = run.results.iter().map(|(name, _)| name.len()).max();
    let width = longest.unwrap_or(0);
    for (name, value) in &run.results {
        say(&format!("  {name:<width$}  {}", short(*value)));
    }
}

/// Seven digits; a count without a point, and a number near 1 without an exponent.
fn short(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e6 {
        format!("{value}")
    } else if (0.1..10.0).contains(&size) {
        format!("{value:.7}")
    } else {
        format!("{value:.6e}")
    }
}

/// One JSON object a line on standard output.
struct JsonLines {
    pace: Pace,
}

impl Progress for JsonLines {
    fn note(&mut self, text: &str) {
        say(&json!({"event": "note", "text": text}).to_string());
    }

    fn started(&mut self, run: &Started) {
        let line = json!({
            "event": "started", "title": run.title, "summary": run.summary,
            "start": run.start, "end": run.end, "steps": run.steps,
            "output": run.output.display().to_string(),
        });
        say(&line.to_string());
    }

    fn step(&mut self, step: &Stepped, monitor: &mut dyn FnMut() -> Vec<(String, f64)>) {
        if self.pace.is_due() {
            let monitored: serde_json::Map<_, _> = monitor()
                .into_iter()
                .map(|(name, value)| (name, json!(value)))
                .collect();
            let line = json!({
                "event": "step", "step": step.index, "time": step.time, "dt": step.dt,
                "monitor": monitored,
            });
            say(&line.to_string());
        }
    }

    fn iteration(&mut self, iterate: &Iterate) {
        if self.pace.is_due() {
            let line = json!({
                "event": "iteration", "iteration": iterate.index, "residual": iterate.residual,
                "target": iterate.target,
            });
            say(&line.to_string());
        }
    }

    fn output(&mut self, time: f64, frame: usize) {
        say(&json!({"event": "frame", "time": time, "frame": frame}).to_string());
    }

    fn checkpoint(&mut self, time: f64) {
        say(&json!({"event": "checkpoint", "time": time}).to_string());
    }

    fn finished(&mut self, run: &Finished) {
        let results: serde_json::Map<_, _> = run
            .results
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let solve = run.solve.as_ref().map(|solve| {
            json!({
                "status": solve.status, "method": solve.method, "iterations": solve.iterations,
                "relative_residual": solve.relative_residual,
            })
        });
        let line = json!({
            "event": "finished", "reached_end": run.reached_end, "time": run.time,
            "steps": run.steps, "rejected": run.rejected, "dt_range": run.dt_range,
            "wall_seconds": run.wall_seconds, "frames": run.frames,
            "output": run.output.display().to_string(),
            "checkpoint": run.checkpoint.as_ref().map(|p| p.display().to_string()),
            "solve": solve, "results": results,
        });
        say(&line.to_string());
    }
}

/// Six digits, without trailing zeros.
fn number(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e6).contains(&x.abs()) {
        return format!("{x:.4e}");
    }
    let text = format!("{x:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A span of wall-clock time as people say it.
pub(crate) fn seconds(s: f64) -> String {
    match s {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 100.0 => format!("{s:.1} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
