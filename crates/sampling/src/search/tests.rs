//! What is found, and whether it holds on starts that the search has not seen.

use std::sync::OnceLock;

use super::{Evolution, Fitness, Measure, TimeSubsets, exhaustive};
use crate::error::SamplingError;
use crate::exponential::Form;
use crate::grid::GridParams;
use crate::noise::Noise;
use crate::sampler::Sampler;
use crate::samplers::tests::three_gaussians;
use crate::samplers::{Ddim, Derivative, SolverSchedule, SolverStep};

/// The mixture with candidate nodes even in lambda, and starts of a seed.
fn fitness(measure: Measure, candidates: usize, starts: usize, seed: u64) -> Fitness {
    let problem = three_gaussians();
    let nodes = GridParams::lambda()
        .nodes(problem.schedule.as_ref(), candidates)
        .expect("grid");
    let starts = problem.prior(&nodes[0], starts, &Noise::new(seed));
    Fitness::new(&problem, &nodes, starts, measure).expect("smooth")
}

/// The starts of the search, and those to test on; the exact flow from them is shared.
fn seen_and_held_out() -> &'static (Fitness, Fitness) {
    static BOTH: OnceLock<(Fitness, Fitness)> = OnceLock::new();
    BOTH.get_or_init(|| {
        (
            fitness(Measure::End, 60, 128, 1),
            fitness(Measure::End, 60, 512, 2),
        )
    })
}

fn error(fitness: &Fitness, sampler: &dyn Sampler, times: &[usize]) -> f64 {
    fitness.of(sampler, times).expect("runs").error
}

/// The numbers of the nodes at which the steps of `schedule` end, with the first before them.
fn times(fitness: &Fitness, schedule: &SolverSchedule) -> Vec<usize> {
    let number = |step: &SolverStep| {
        let at = |node: &crate::Node| Some(node.t) == step.time;
        fitness.nodes().iter().position(at).expect("a candidate")
    };
    std::iter::once(0)
        .chain(schedule.steps.iter().map(number))
        .collect()
}

fn orders(form: Form) -> Vec<SolverStep> {
    let step = |order| SolverStep {
        form,
        order,
        ..SolverStep::default()
    };
    (1..=3).map(step).collect()
}

/// Least error on held-out starts among the constant schedules of one call a step.
fn best_constant(held: &Fitness, even: &[usize]) -> f64 {
    let mut best = f64::INFINITY;
    for form in [Form::Data, Form::Noise] {
        for order in 1..=3 {
            for derivative in [Derivative::Full, Derivative::Low] {
                for corrector in [false, true] {
                    let steps = vec![SolverStep {
                        time: None,
                        form,
                        order,
                        derivative,
                        corrector,
                    }];
                    best = best.min(error(held, &SolverSchedule { steps }, even));
                }
            }
        }
    }
    best
}

#[test]
fn evolved_schedules_halve_the_error_of_every_constant_one_on_held_out_starts() {
    let (seen, held) = seen_and_held_out();
    for (steps, known) in [(5, 4.796e-2), (6, 4.468e-2)] {
        let even = seen.even(steps).expect("60 intervals");
        let constant = best_constant(held, &even);
        assert!((constant / known - 1.0).abs() < 1e-3, "{constant:e}");
        let plain = vec![SolverStep::default(); steps];
        for seed in 0..4 {
            let search = Evolution {
                seed,
                ..Evolution::default()
            };
            let found = search.search(seen, &plain, &even).expect("searches");
            let searched = error(held, &found.best, &times(seen, &found.best));
            assert!(searched < 0.5 * constant, "{steps} {seed}: {searched:e}");
            assert_eq!(found.score.evaluations, steps as u64);
        }
    }
}

#[test]
fn the_best_of_all_schedules_beats_the_constant_ones_on_held_out_starts() {
    let (seen, held) = seen_and_held_out();
    for (steps, forms) in [(5, vec![Form::Data, Form::Noise]), (6, vec![Form::Data])] {
        let even = seen.even(steps).expect("60 intervals");
        let choices: Vec<SolverStep> = forms.into_iter().flat_map(orders).collect();
        let found = exhaustive(seen, &even, &choices, steps as u64).expect("searches");
        assert_eq!(found.tried, choices.len().pow(steps as u32));
        let searched = error(held, &found.best, &even);
        let constant = best_constant(held, &even);
        assert!(
            searched < 0.7 * constant,
            "{steps}: {searched:e} {constant:e}"
        );
    }
}

#[test]
fn searched_times_beat_even_ones_on_held_out_starts() {
    let (seen, held) = seen_and_held_out();
    let ddim = Ddim::default();
    let two_steps = SolverSchedule::default();
    for steps in [5, 6] {
        let even = seen.even(steps).expect("60 intervals");
        for sampler in [&ddim as &dyn Sampler, &two_steps] {
            let found = (TimeSubsets::default().search(seen, sampler, &even)).expect("searches");
            let searched = error(held, sampler, &found.best);
            let plain = error(held, sampler, &even);
            assert!(searched < plain / 3.0, "{searched:e} {plain:e}");
        }
    }
}

#[test]
fn the_exhaustive_search_finds_the_least_of_a_plain_loop() {
    let fitness = fitness(Measure::Path, 3, 16, 1);
    let all = [0, 1, 2, 3];
    let choices = orders(Form::Noise);
    let mut least = f64::INFINITY;
    for a in &choices {
        for b in &choices {
            for c in &choices {
                let steps = vec![*a, *b, *c];
                least = least.min(error(&fitness, &SolverSchedule { steps }, &all));
            }
        }
    }
    let found = exhaustive(&fitness, &all, &choices, 3).expect("searches");
    // The times that are written into it make rounding differ.
    assert!((found.score.error / least - 1.0).abs() < 1e-9, "{found:?}");
    assert_eq!(error(&fitness, &found.best, &all), found.score.error);
}

#[test]
fn calls_within_steps_count_against_the_allowance() {
    let fitness = fitness(Measure::End, 4, 16, 1);
    let all = [0, 1, 2, 3, 4];
    let single = SolverStep {
        derivative: Derivative::Single,
        ..SolverStep::default()
    };
    let choices = [orders(Form::Data)[0], single];
    for calls in 4..=8 {
        let found = exhaustive(&fitness, &all, &choices, calls).expect("searches");
        assert!(found.score.evaluations <= calls, "{found:?}");
    }
    let error = exhaustive(&fitness, &all, &choices, 3).expect_err("four steps");
    assert!(error.to_string().contains("`calls`"), "{error}");
    let search = Evolution {
        derivatives: vec![Derivative::Single],
        orders: vec![1, 2],
        calls: Some(6),
        ..Evolution::default()
    };
    let plain = vec![orders(Form::Data)[0]; 4];
    let found = search.search(&fitness, &plain, &all).expect("searches");
    assert!(found.score.evaluations <= 6, "{found:?}");
    let error = search.search(&fitness, &[single; 4], &all);
    assert!(
        error
            .expect_err("eight calls")
            .to_string()
            .contains("`calls`")
    );
}

#[test]
fn evolution_finds_the_best_of_all_schedules_where_they_are_few() {
    let fitness = fitness(Measure::End, 4, 32, 1);
    let all = [0, 1, 2, 3, 4];
    let choices: Vec<SolverStep> = (orders(Form::Data).into_iter())
        .chain(orders(Form::Noise))
        .collect();
    let best = exhaustive(&fitness, &all, &choices, 4).expect("searches");
    let search = Evolution {
        derivatives: vec![Derivative::Full],
        correctors: vec![false],
        times: false,
        ..Evolution::default()
    };
    let found = (search.search(&fitness, &[SolverStep::default(); 4], &all)).expect("searches");
    assert_eq!(found.score.error, best.score.error);
    assert!(found.tried < 1296, "{}", found.tried);
}

#[test]
fn time_subsets_find_the_best_of_all_where_they_are_few() {
    let fitness = fitness(Measure::End, 12, 32, 1);
    let ddim = Ddim::default();
    let mut least = (f64::INFINITY, Vec::new());
    for a in 1..12 {
        for b in a + 1..12 {
            for c in b + 1..12 {
                let times = vec![0, a, b, c, 12];
                let error = error(&fitness, &ddim, &times);
                if error < least.0 {
                    least = (error, times);
                }
            }
        }
    }
    let search = TimeSubsets {
        population: 16,
        parents: 4,
        crossovers: 6,
        mutations: 8,
        generations: 12,
        ..TimeSubsets::default()
    };
    let found = (search.search(&fitness, &ddim, &[0, 3, 6, 9, 12])).expect("searches");
    assert_eq!((found.score.error, found.best), least);
    assert!(found.tried < 165, "{}", found.tried);
}

#[test]
fn searches_repeat_on_every_number_of_threads_and_never_lose_what_they_have() {
    let fitness = fitness(Measure::Path, 30, 16, 1);
    let even = fitness.even(5).expect("30 intervals");
    let plain = [SolverStep::default(); 5];
    let evolution = Evolution {
        generations: 10,
        ..Evolution::default()
    };
    let subsets = TimeSubsets {
        generations: 10,
        ..TimeSubsets::default()
    };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            (
                (evolution.search(&fitness, &plain, &even)).expect("searches"),
                (subsets.search(&fitness, &Ddim::default(), &even)).expect("searches"),
                exhaustive(&fitness, &even, &orders(Form::Data), 5).expect("searches"),
            )
        })
    };
    let (a, b, c) = run(1);
    assert_eq!((a.clone(), b.clone(), c), run(4));
    let schedule = SolverSchedule::default();
    assert!(a.errors[0] <= error(&fitness, &schedule, &even) * (1.0 + 1e-9));
    assert!(b.errors[0] <= error(&fitness, &Ddim::default(), &even));
    for errors in [&a.errors, &b.errors] {
        assert_eq!(errors.len(), 11);
        assert!(
            errors.windows(2).all(|pair| pair[1] <= pair[0]),
            "{errors:?}"
        );
    }
    let other = Evolution {
        seed: 1,
        ..evolution.clone()
    };
    let other = (other.search(&fitness, &plain, &even)).expect("searches");
    assert_ne!(other.errors, a.errors);
}

#[test]
fn searches_without_anything_to_choose_are_refused() {
    let fitness = fitness(Measure::End, 12, 4, 1);
    let even = fitness.even(4).expect("12 intervals");
    let plain = [SolverStep::default(); 4];
    let key = |error: SamplingError| match error {
        SamplingError::Parameter { key, .. } => key,
        other => panic!("{other}"),
    };
    let evolution = Evolution::default;
    for (search, name) in [
        (
            Evolution {
                population: 0,
                ..evolution()
            },
            "population",
        ),
        (
            Evolution {
                forms: vec![],
                ..evolution()
            },
            "forms",
        ),
        (
            Evolution {
                orders: vec![],
                ..evolution()
            },
            "orders",
        ),
        (
            Evolution {
                orders: vec![4],
                ..evolution()
            },
            "orders",
        ),
        (
            Evolution {
                derivatives: vec![],
                ..evolution()
            },
            "derivatives",
        ),
        (
            Evolution {
                correctors: vec![],
                ..evolution()
            },
            "correctors",
        ),
    ] {
        let error = search.search(&fitness, &plain, &even).expect_err("refused");
        assert_eq!(key(error), name);
    }
    let error = evolution().search(&fitness, &plain[1..], &even);
    assert_eq!(key(error.expect_err("refused")), "steps");
    let subsets = TimeSubsets::default;
    for (search, name) in [
        (
            TimeSubsets {
                population: 0,
                ..subsets()
            },
            "population",
        ),
        (
            TimeSubsets {
                population: 39,
                ..subsets()
            },
            "population",
        ),
        (
            TimeSubsets {
                parents: 0,
                ..subsets()
            },
            "parents",
        ),
        (
            TimeSubsets {
                probability: 1.5,
                ..subsets()
            },
            "probability",
        ),
        (
            TimeSubsets {
                probability: f64::NAN,
                ..subsets()
            },
            "probability",
        ),
    ] {
        let error = (search.search(&fitness, &Ddim::default(), &even)).expect_err("refused");
        assert_eq!(key(error), name);
    }
    for choices in [&[][..], &[SolverStep::default(); 40]] {
        let error = exhaustive(&fitness, &even, choices, 4).expect_err("refused");
        assert_eq!(key(error), "choices");
    }
}
