#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| whyhook_fuzz::public_key::run(data));
