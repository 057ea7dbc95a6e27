//! Who gives way when processors are few.

/// How nice the threads are that answer questions of the person: see `setpriority(2)`. At 10 a thread
/// gets a tenth of what the listener's gets when both want to run, and all of what is left over.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// How nice those are that tell other programs what happens: at 19, the most there is, a thread gets a seventieth.
#[cfg(target_os = "linux")]
const NICEST: i32 = 19;

/// Lets every other thread of the program go first from now on. What a person looks at may take a moment
/// longer under full load; a sender who waits may not.
///
/// Linux alone gives threads priorities of their own: elsewhere this does nothing, and where it is refused
/// it changes nothing.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// Lets those that [`give_way`] go first as well. Whoever follows what happens is told later while senders take all
/// that there is, and loses nothing. A thread cannot take this back, and the process is not gone before the thread has
/// had another turn, which a busy machine gives it after seconds: it must not outlive its work.
pub(crate) fn go_last() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICEST);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_calling_thread_alone_gives_way() {
        let of_this = || rustix::process::getpriority_process(None).unwrap();
        let before = of_this();
        for (give, nice) in [(give_way as fn(), NICE), (go_last, NICEST)] {
            let after = std::thread::spawn(move || {
                give();
                of_this()
            });
            assert_eq!(after.join().unwrap(), before.max(nice));
            assert_eq!(of_this(), before);
        }
    }
}
