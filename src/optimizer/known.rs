//! Names that people write for the rules, and how well-known implementations differ from them.
//!
//! What can be computed is tested in `tests/library/relations.rs`.

use crate::catalogue::{Known, also, relation, taken};

const NOTHING: Known = Known { aliases: &[], relations: &[] };

pub(super) const GRADIENT_DESCENT: Known = Known {
    aliases: &[
        also("gd"),
        also("steepest-descent"),
        taken("sgd", "PyTorch's SGD without momentum; heavy-ball and nesterov are SGD with it"),
    ],
    relations: &[
        relation("PyTorch SGD(lr)", "the same; its weight_decay is coupled decay, λz in the gradient"),
        relation("a rate η on the mean over n embeddings", "γ = η/n per embedding"),
    ],
};

pub(super) const HEAVY_BALL: Known = Known {
    aliases: &[
        taken("momentum", "PyTorch's SGD(momentum), v ← βv + g"),
        also("sgd-momentum"),
        also("sgd-with-momentum"),
        also("sgdm"),
        also("polyak"),
    ],
    relations: &[
        relation(
            "PyTorch SGD(momentum=β)",
            "the same; with dampening=d every gradient after the first counts 1 − d times",
        ),
        relation("averaged form v ← βv + (1 − β) g", "the same at the rate γ/(1 − β): ten times γ at β = 0.9"),
        relation(
            "Keras SGD(momentum), v ← βv − γg",
            "the same at a constant rate; with a schedule its old steps keep their old rate",
        ),
    ],
};

pub(super) const NESTEROV: Known = Known {
    aliases: &[also("nag"), also("sgd-nesterov"), also("nesterov-momentum"), also("nesterov-accelerated-gradient")],
    relations: &[
        relation("PyTorch SGD(momentum=β, nesterov=True)", "the same"),
        relation("Keras SGD(nesterov=True)", "the same at a constant rate"),
    ],
};

pub(super) const SGDP: Known = Known {
    relations: &[relation(
        "adamp's SGDP, the authors' code",
        "the same without decay where each row is projected or none; its weight decay acts as λ wd_ratio/(1 − β) on projected \
         parameters, λ/(1 − β) on others",
    )],
    ..NOTHING
};

pub(super) const ADAM: Known = Known {
    relations: &[
        relation("PyTorch Adam", "the same, ε beside √v̂, after the correction; its weight_decay is coupled decay"),
        relation(
            "Keras Adam",
            "ε beside √v, before the correction: ours with ε/√(1 − β2^t), 31.6 ε at the first step for β2 = 0.999; default 1e-7",
        ),
        relation("optax adam", "the same; eps_root is inside the root and 0 by default"),
    ],
    ..NOTHING
};

pub(super) const ADAMW: Known = Known {
    relations: &[
        relation("PyTorch AdamW", "the same: decay times the rate, z ← (1 − γλ) z, before the step; default λ = 0.01"),
        relation("the publication", "decay without the rate, z ← (1 − λ') z − …: λ' = γλ"),
        relation("Hugging Face transformers AdamW", "decay after the step: its step is multiplied by 1 − γλ too"),
        relation("optax adamw", "the same; default λ = 1e-4"),
    ],
    ..NOTHING
};

pub(super) const ADAMP: Known = Known {
    relations: &[relation(
        "adamp's AdamP, the authors' code",
        "the same without decay where each row is projected or none; decay is multiplied by wd_ratio = 0.1 there on projected \
         parameters",
    )],
    ..NOTHING
};

pub(super) const RMSPROP: Known = Known {
    relations: &[
        relation("PyTorch RMSprop", "the same, neither centred nor with momentum; ε beside √v"),
        relation("Keras RMSprop", "ε inside the root, g/√(v + ε); defaults α = 0.9, ε = 1e-7"),
    ],
    ..NOTHING
};

pub(super) const ADAGRAD: Known = Known {
    relations: &[
        relation("PyTorch Adagrad", "the same with lr_decay=0"),
        relation("Keras Adagrad", "s starts at 0.1 there and at 0 here, and ε = 1e-7 is inside the root"),
    ],
    ..NOTHING
};

pub(super) const SIGN_DESCENT: Known = Known {
    aliases: &[also("sign-sgd"), also("sign-gradient-descent"), also("sign")],
    relations: &[relation("Lion, β1 = 0", "the same")],
};

pub(super) const LION: Known = Known {
    relations: &[relation("google/automl lion", "the same; its weight decay is z ← (1 − γλ) z beside the step")],
    ..NOTHING
};

pub(super) const NORMALIZED_GRADIENT: Known = Known {
    aliases: &[
        also("normalized-gradient-descent"),
        also("normalized-sgd"),
        taken("ngd", "normalized, not natural, gradient descent"),
    ],
    relations: &[relation(
        "PyTorch clip_grad_norm_ with a bound c below every norm, and SGD",
        "the same with γ = c·lr, if the embedding is the only parameter; the bound is on all parameters together there",
    )],
};

pub(super) const LARS: Known = Known {
    relations: &[
        relation(
            "LARS of SimCLR, MoCo v3, Barlow Twins",
            "divides by ‖g + λz‖ and not by ‖g‖ + λ‖z‖: the same at λ = 0; for g at right angles to z its step is up to √2 \
             times as long",
        ),
        relation("LARS of MoCo v3, rate outside of the momentum", "the same at a constant rate"),
    ],
    ..NOTHING
};

pub(super) const LAMB: Known = Known {
    relations: &[
        relation(
            "the publication, apex FusedLAMB, timm Lamb",
            "the same where the gradient is not clipped; apex and timm clip its norm at 1 first",
        ),
        relation("pytorch-lamb", "no correction of the averages, and ‖z‖ at most 10"),
    ],
    ..NOTHING
};

pub(super) const RIEMANNIAN: Known = Known {
    aliases: &[also("riemannian-descent"), also("riemannian-sgd"), also("riemannian-gradient-descent"), also("rsgd")],
    relations: &[
        relation("geoopt RiemannianSGD on SphereExact", "the same for ‖z‖ = 1"),
        relation(
            "geoopt RiemannianSGD on Sphere",
            "takes a straight step and normalizes: a step rotates by atan(γ‖v‖) and not by γ‖v‖",
        ),
    ],
};
