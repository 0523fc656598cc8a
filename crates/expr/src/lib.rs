//! Mathematical expressions as text: parsed once, evaluated over slices.
