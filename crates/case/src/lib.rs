//! Case files: schema, checks, registry of problems, run driver, converge and verify.
