use openclaw_sim::{Look, run, script::Script, *};
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    if a.len() == 3 {
        let s = Script::of_seed(a[0]);
        println!("{s}");
        let r = run(&s, Look { trace: true, only: None });
        println!("{}", r.trace);
        if let Some(f) = r.failure { println!("{f}"); }
        return;
    }
    let t = std::time::Instant::now();
    let sum = run_many(Plan { from: a[0], seeds: a[1], threads: 0, most_failures: 10, only: None, make: Script::of_seed }, |d, f| eprint!("\r{d} {f}"));
    eprintln!();
    for (seed, f) in sum.failures.iter().take(4) {
        println!("seed {seed}: {f}");
        let s = shrink(&Script::of_seed(*seed), f, Look::default());
        println!("{} runs: {}{}", s.runs, s.script, s.failure);
    }
    println!("{:?} {} h {} dials {} hellos {} steps", t.elapsed(), sum.client_time.as_secs()/3600, sum.dials, sum.hellos, sum.steps);
    for (r, n) in sum.coverage.rows() { println!("{n:8} {r}"); }
    for (g, m) in sum.coverage.groups() { println!("{g}"); for (n, c) in m { println!("{c:8} {n}"); } }
}
