//! Output that ParaView opens (temporal VTKHDF), checkpoints, and plots.
