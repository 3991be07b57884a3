//! A sweep gives the same bytes whatever happens to it: threads, order, shards, kills, damage, full disks.

mod ending;
mod journal;
mod shards;
mod support;
mod units;
