//! Checkpoints come back bit for bit or not at all.

use pdesolve_core::State;
use pdesolve_io::{IoError, checkpoint};

fn state() -> State {
    let mut state = State::default();
    let values: Vec<f64> = (0..5000).map(|i| f64::from(i).sqrt().sin()).collect();
    state.put("u", &values);
    state.put(
        "trajectory/0/v%2F",
        &[-0.0, f64::MIN_POSITIVE / 4.0, f64::MAX],
    );
    state.put(".", &[1.0]);
    state.put("empty", &[]);
    state.put_counter("steps", u64::MAX);
    state.put_counter("a/b", 0);
    state
}

#[test]
fn a_checkpoint_comes_back_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.checkpoint");
    for fingerprint in ["first", "\u{3bd} = 0.1", ""] {
        checkpoint::write(&path, &state(), fingerprint).unwrap();
        let (found, text) = checkpoint::read(&path).unwrap();
        assert_eq!(text, fingerprint);
        assert_eq!(found.counters, state().counters);
        let bits = |s: &State| -> Vec<(String, Vec<u64>)> {
            s.arrays
                .iter()
                .map(|(name, v)| (name.clone(), v.iter().map(|x| x.to_bits()).collect()))
                .collect()
        };
        assert_eq!(bits(&found), bits(&state()));
    }
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 1, "nothing lies beside the checkpoint");
}

#[test]
fn a_state_that_is_not_finite_is_refused_and_the_old_checkpoint_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.checkpoint");
    checkpoint::write(&path, &state(), "good").unwrap();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut broken = state();
        broken.put("v", &[0.0, 1.0, bad]);
        let error = checkpoint::write(&path, &broken, "bad").unwrap_err();
        assert!(
            matches!(&error, IoError::NonFinite { array, index: 2, .. } if array == "v"),
            "{error}"
        );
    }
    assert_eq!(
        checkpoint::read(&path).unwrap(),
        (state(), "good".to_owned())
    );
}

#[test]
fn a_checkpoint_cut_off_anywhere_is_refused_without_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.checkpoint");
    checkpoint::write(&path, &state(), "good").unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(997) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = checkpoint::read(&path).unwrap_err();
        assert!(
            matches!(error, IoError::NotHdf5 { .. }),
            "{length} bytes: {error}"
        );
    }
}
