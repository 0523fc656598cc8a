//! Draws one picture of each kind into a directory, to be looked at: `write_pictures <directory>`.

use std::error::Error;
use std::f64::consts::{PI, TAU};
use std::path::Path;

use pdesolve_io::plot::{self, Curve, Frame, Labels, Scale, Study, quantity};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args()
        .nth(1)
        .ok_or("usage: write_pictures <directory>")?;
    let directory = Path::new(&directory);
    for extension in ["png", "svg"] {
        let at = |name: &str| directory.join(format!("{name}.{extension}"));
        let x: Vec<f64> = (0..256).map(|i| TAU * f64::from(i) / 256.0).collect();
        let wave = |x: f64, t: f64| (x - t).sin() * (-0.1 * t).exp() + 0.3 * (3.0 * x + t).sin();
        let labels = Labels {
            title: "Burgers equation, Cole-Hopf initial data, \u{3bd} = 0.05".to_owned(),
            x: quantity("x", "m"),
            y: quantity("u", "m/s"),
            value: quantity("u", "m/s"),
        };
        for (name, n) in [("lines", 11), ("lines_few", 2)] {
            let curves: Vec<Curve> = (0..n)
                .map(|k| f64::from(k) * 10.0 / f64::from(n - 1))
                .map(|t| Curve {
                    label: format!("t = {t}"),
                    x: x.clone(),
                    y: x.iter().map(|&x| wave(x, t)).collect(),
                })
                .collect();
            plot::lines(&at(name), &labels, &curves)?;
        }
        let t: Vec<f64> = (0..200).map(|k| f64::from(k) * 0.05).collect();
        let field: Vec<Vec<f64>> = t
            .iter()
            .map(|&t| x.iter().map(|&x| wave(x, t)).collect())
            .collect();
        let space_time = Labels {
            y: quantity("t", "s"),
            ..labels.clone()
        };
        plot::space_time(&at("space_time"), &space_time, &x, &t, &field)?;
        let y: Vec<f64> = (0..128).map(|j| PI * f64::from(j) / 128.0).collect();
        let vortices = |t: f64| -> Vec<f64> {
            y.iter()
                .flat_map(|&y| {
                    x.iter()
                        .map(move |&x| 2e-4 * ((2.0 * x + t).sin() * (4.0 * y - t).cos()).exp())
                })
                .collect()
        };
        let maps = Labels {
            title: "Concentration".to_owned(),
            y: quantity("y", "m"),
            value: quantity("c", "mol/m\u{b3}"),
            ..labels.clone()
        };
        let values: Vec<Vec<f64>> = (0..3).map(|k| vortices(f64::from(k))).collect();
        let frames: Vec<Frame<'_>> = values
            .iter()
            .enumerate()
            .map(|(k, values)| Frame {
                title: format!("t = {k} s"),
                values,
            })
            .collect();
        plot::colour_map(&at("colour_map"), &maps, &x, &y, &frames[..1])?;
        plot::colour_map(&at("colour_map_frames"), &maps, &x, &y, &frames)?;
        let step: Vec<f64> = (0..6).map(|k| 0.1 / f64::from(1 << k)).collect();
        let studies = [(4.0, "ETDRK4"), (2.0, "ETDRK2")].map(|(order, name)| Study {
            label: name.to_owned(),
            step: step.clone(),
            error: step
                .iter()
                .map(|h| 3.0 * h.powf(order) * (1.0 + h))
                .collect(),
            expected_order: Some(order),
        });
        let convergence = Labels {
            title: "Convergence in time".to_owned(),
            x: "time step \u{394}t".to_owned(),
            y: "relative error in L2".to_owned(),
            value: String::new(),
        };
        plot::convergence(&at("convergence"), &convergence, &studies)?;
        let decay: Vec<Curve> = [("energy", 0.4), ("enstrophy", 1.3)]
            .map(|(name, rate)| Curve {
                label: name.to_owned(),
                x: t.clone(),
                y: t.iter().map(|t| (-rate * t).exp()).collect(),
            })
            .to_vec();
        let history = Labels {
            title: "Decay".to_owned(),
            x: "t".to_owned(),
            y: "energy, enstrophy".to_owned(),
            value: String::new(),
        };
        plot::history(&at("history"), &history, &decay, Scale::Log)?;
        plot::history(&at("history_linear"), &history, &decay, Scale::Linear)?;
    }
    Ok(())
}
