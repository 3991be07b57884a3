//! A sweep gives the same bytes whatever happens to it: threads, order, shards, kills, damage, full disks, links and pipes.

mod ending;
mod headers;
mod journal;
#[path = "../support/seeds.rs"]
mod seeds;
mod shards;
mod strangers;
mod support;
mod units;
mod values;
