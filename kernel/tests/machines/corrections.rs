//! What a user corrects takes the place of what was kept, whatever a model says of it.

use crate::common::replayed;
use crate::small::{machine, memory};
use quipu_kernel::process::{Program, Status};
use quipu_memory::Space;

fn agrees(_: &str, _: &str) -> String {
    "Okay.".into()
}

#[tokio::test]
async fn a_correction_takes_the_place_of_what_it_corrects() {
    let (fitting, dues) = ("Wim's fitting is on the 9th.", "Our dues are 55.");
    let check = async |told: &str, want: &[&str]| {
        let pages = vec![memory("wim", fitting), memory("dues", dues)];
        let (kernel, _folder) = machine(agrees, None, &[], pages);
        let pid = kernel.spawn(Program::new(told)).expect("it starts");
        let exit = kernel.wait(pid).await.expect("it ends");
        assert_eq!(exit.status, Status::Exited, "{told}: {:?}", exit.error);
        let memories = kernel.store().memories(&Space::default(), 9);
        let memories = memories.expect("a store").into_iter();
        let mut texts: Vec<String> = memories.map(|page| page.text).collect();
        texts.sort();
        assert_eq!(texts, want, "{told}");
        replayed(&kernel, pid).await;
    };
    // It has the only value of that kind.
    let moved = "Wim's fitting is on the 17th.";
    check("It's the 17th now.", &[dues, moved]).await;
    check("Our dues are 60.", &["Our dues are 60.", fitting]).await;
    let taken_back = "Scratch that, our dues are 60.";
    check(taken_back, &[fitting, "our dues are 60."]).await;
    // Nothing like it was kept.
    let new = "Change of plans: the regatta is on Sunday.";
    check(new, &[dues, fitting, "the regatta is on Sunday."]).await;
    // Until then the old value holds.
    let later = "From 3 May 2099 on our dues are 60.";
    let both = format!("Until 3 May 2099: {dues} Then: {later}");
    check(later, &[both.as_str(), fitting]).await;
    // It is said of another, of anything, or nothing is stated.
    check("Pia's fitting is on the 12th.", &[dues, fitting]).await;
    check("It's Sunday now.", &[dues, fitting]).await;
    check("Scratch that.", &[dues, fitting]).await;
}
