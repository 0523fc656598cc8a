//! The last few predictions, for multistep methods.

use std::collections::VecDeque;

use pdesolve_core::{RestoreError, State};

use crate::schedule::Node;

/// A ring of predictions, the newest first. Its arrays are made once and reused.
#[derive(Clone, Debug)]
pub struct History {
    capacity: usize,
    entries: VecDeque<(Node, Vec<f64>)>,
    spare: Vec<Vec<f64>>,
}

impl History {
    /// Room for `capacity` predictions of `length` numbers.
    pub fn new(capacity: usize, length: usize) -> Self {
        Self {
            capacity,
            entries: VecDeque::with_capacity(capacity),
            spare: vec![vec![0.0; length]; capacity],
        }
    }

    /// Number of predictions held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Makes room for the newest prediction, made at `node`; the oldest goes where the ring is full.
    /// The returned array holds old numbers.
    pub fn push(&mut self, node: Node) -> &mut [f64] {
        let array = if self.entries.len() == self.capacity {
            self.entries.pop_back().map(|(_, array)| array)
        } else {
            self.spare.pop()
        };
        self.entries.push_front((node, array.unwrap_or_default()));
        &mut self.entries[0].1
    }

    /// Takes the newest prediction back out.
    pub fn pop(&mut self) {
        if let Some((_, array)) = self.entries.pop_front() {
            self.spare.push(array);
        }
    }

    /// Where prediction number `age` was made; 0 is the newest.
    pub fn node(&self, age: usize) -> &Node {
        &self.entries[age].0
    }

    /// Prediction number `age`; 0 is the newest.
    pub fn values(&self, age: usize) -> &[f64] {
        &self.entries[age].1
    }

    /// Prediction number `age`, to be changed.
    pub fn values_mut(&mut self, age: usize) -> &mut [f64] {
        &mut self.entries[age].1
    }

    /// Writes all predictions.
    pub fn save(&self, key: &str, state: &mut State) {
        state.put_counter(&format!("{key}/count"), self.len() as u64);
        for (age, (node, values)) in self.entries.iter().enumerate() {
            // Predictions are never made at the end without noise, so that all numbers are finite.
            let numbers = [
                node.t,
                node.alpha,
                node.sigma,
                node.lambda.max(f64::MIN),
                node.alpha_dot,
                node.sigma_dot,
            ];
            state.put(&format!("{key}/{age}/node"), &numbers);
            state.put(&format!("{key}/{age}/values"), values);
        }
    }

    /// Takes over what [`History::save`] wrote.
    ///
    /// # Errors
    /// [`RestoreError`] where an entry is missing or has another length; nothing is changed.
    pub fn restore(&mut self, key: &str, state: &State) -> Result<(), RestoreError> {
        let count = (state.counter(&format!("{key}/count"))? as usize).min(self.capacity);
        let length = (self.entries.front().map(|(_, v)| v.len()))
            .or(self.spare.first().map(Vec::len))
            .unwrap_or(0);
        let mut entries = VecDeque::with_capacity(self.capacity);
        for age in 0..count {
            let n = state.get(&format!("{key}/{age}/node"), 6)?;
            let node = Node {
                t: n[0],
                alpha: n[1],
                sigma: n[2],
                lambda: if n[3] == f64::MIN {
                    f64::NEG_INFINITY
                } else {
                    n[3]
                },
                alpha_dot: n[4],
                sigma_dot: n[5],
            };
            let values = state.get(&format!("{key}/{age}/values"), length)?;
            entries.push_back((node, values.to_vec()));
        }
        self.entries = entries;
        self.spare = vec![vec![0.0; length]; self.capacity - count];
        Ok(())
    }
}
