//! The fuzzer: libFuzzer over the target that `FUZZ_TARGET` names. `make fuzz` runs it.
#![no_main]

use fuzz::Target;
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let names: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
        let target = fuzz::target(&name).unwrap_or_else(|| {
            panic!("FUZZ_TARGET is {name:?}; it must be one of: {}", names.join(", "))
        });
        TARGET.get_or_init(|| target);
    },
    |data: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(data);
        }
    }
);
