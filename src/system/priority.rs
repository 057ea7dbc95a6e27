//! Who gives way when processors are few.

/// How nice the threads are that answer questions of the person: see `setpriority(2)`. At 10 a thread
/// gets a tenth of what the listener's gets when both want to run, and all of what is left over.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lets every other thread of the program go first from now on. What a person looks at may take a moment
/// longer under full load; a sender who waits may not.
///
/// Linux alone gives threads priorities of their own: elsewhere this does nothing, and where it is refused
/// it changes nothing.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_calling_thread_alone_gives_way() {
        let of_this = || rustix::process::getpriority_process(None).unwrap();
        let before = of_this();
        let after = std::thread::spawn(move || {
            give_way();
            of_this()
        });
        assert_eq!(after.join().unwrap(), before.max(NICE));
        assert_eq!(of_this(), before);
    }
}
