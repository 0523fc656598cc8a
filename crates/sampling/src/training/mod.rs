//! What is done to a model before it is sampled: pairing of noise with data, targets of distillation,
//! quantisation, reuse of features.
//!
//! Nothing here trains. These are the closed forms around training: plain functions on batches.

pub mod cache_schedule;
pub mod consistency;
pub mod distillation;
pub mod immiscible;
pub mod quantizer;
