//! Ctrl-C and SIGTERM: the first asks the run to stop and save, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// A flag that is set by the first signal. The second one ends the program with code 130.
pub(crate) fn interrupt_flag() -> Arc<AtomicBool> {
    let interrupt = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: on the first signal the flag is still unset, so the shutdown does
        // nothing. A system that refuses handlers keeps its own: the run then ends at once,
        // and the last checkpoint remains.
        let _ = flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupt));
        let _ = flag::register(signal, Arc::clone(&interrupt));
    }
    interrupt
}
