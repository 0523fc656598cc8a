//! The content of a checkpoint, independent of any file format.

use std::collections::BTreeMap;

/// Named arrays of f64 and named counters: enough to restart a simulation bit for bit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Arrays by name.
    pub arrays: BTreeMap<String, Vec<f64>>,
    /// Counters by name.
    pub counters: BTreeMap<String, u64>,
}

/// A checkpoint does not fit the simulation it is given to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// An entry is absent.
    #[error("the checkpoint holds no entry `{key}`")]
    Missing {
        /// Name of the entry.
        key: String,
    },
    /// An array has another length.
    #[error("the checkpoint's `{key}` has {found} numbers, this case needs {expected}")]
    Length {
        /// Name of the entry.
        key: String,
        /// Length in the checkpoint.
        found: usize,
        /// Length this simulation needs.
        expected: usize,
    },
}

impl State {
    /// Stores an array, in the memory of the one of that name where there is one.
    pub fn put(&mut self, key: &str, values: &[f64]) {
        if let Some(array) = self.arrays.get_mut(key) {
            array.clear();
            array.extend_from_slice(values);
        } else {
            self.arrays.insert(key.to_owned(), values.to_vec());
        }
    }

    /// Stores a counter.
    pub fn put_counter(&mut self, key: &str, value: u64) {
        self.counters.insert(key.to_owned(), value);
    }

    /// An array of known length.
    ///
    /// # Errors
    /// [`RestoreError`] where it is absent or has another length.
    pub fn get(&self, key: &str, expected: usize) -> Result<&[f64], RestoreError> {
        let values = self.arrays.get(key).ok_or_else(|| RestoreError::Missing {
            key: key.to_owned(),
        })?;
        if values.len() == expected {
            Ok(values)
        } else {
            Err(RestoreError::Length {
                key: key.to_owned(),
                found: values.len(),
                expected,
            })
        }
    }

    /// A counter.
    ///
    /// # Errors
    /// [`RestoreError::Missing`].
    pub fn counter(&self, key: &str) -> Result<u64, RestoreError> {
        self.counters
            .get(key)
            .copied()
            .ok_or_else(|| RestoreError::Missing {
                key: key.to_owned(),
            })
    }

    /// Whether all numbers are finite: a checkpoint that is not is never written.
    pub fn is_finite(&self) -> bool {
        self.arrays.values().flatten().all(|v| v.is_finite())
    }
}
