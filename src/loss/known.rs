//! Names that people write for the losses, and how well-known implementations differ from them.
//!
//! What can be computed is tested in `tests/library/relations.rs`.

use crate::catalogue::{Known, also, relation, taken};

pub(super) const COSINE: Known = Known {
    aliases: &[
        also("negative-cosine"),
        also("neg-cosine"),
        also("cosine-similarity"),
        also("negative-cosine-similarity"),
        taken("cosine-embedding", "PyTorch's CosineEmbeddingLoss with target 1 is 1 + L, with the same gradient"),
    ],
    relations: &[
        relation("PyTorch CosineEmbeddingLoss, target 1", "1 + L: the same gradient"),
        relation("mean of ‖x̂ − ŷ‖², as in the uniformity literature", "2 + 2L: twice the gradient"),
    ],
};

pub(super) const SIMSIAM: Known = Known {
    aliases: &[taken("byol", "BYOL's loss is 2 + 2L for each direction, with twice the gradient")],
    relations: &[
        relation(
            "SimSiam's code",
            "L/2 for each of two directions, p1 against z2 and p2 against z1: half the gradient of each",
        ),
        relation("BYOL's code", "2 + 2L for each of two directions, summed: twice the gradient of each"),
    ],
};

pub(super) const INFO_NCE: Known = Known {
    aliases: &[
        also("cpc"),
        taken("moco", "queries x against keys y; MoCo holds y still and takes its negatives from a queue"),
        taken("moco-v2", "queries x against keys y; MoCo holds y still and takes its negatives from a queue"),
        taken("moco-v3", "MoCo v3 is 2τ [L(q1, k2) + L(q2, k1)], with the keys held still"),
    ],
    relations: &[
        relation(
            "MoCo v1 and v2",
            "one direction, query to key: L where the other keys of the batch are the negatives (there a queue), and its \
             gradient by x alone, as keys are held still",
        ),
        relation("MoCo v3", "2τ [L(q1, k2) + L(q2, k1)], keys held still: a factor 0.4 for each direction at τ = 0.2"),
        relation("PyTorch cross_entropy(x̂ ŷᵀ/τ, arange(n))", "the same"),
    ],
};

pub(super) const CLIP: Known = Known {
    aliases: &[also("open-clip"), also("openai-clip")],
    relations: &[relation(
        "open_clip ClipLoss, OpenAI's CLIP",
        "the same in one process, both directions averaged; logit_scale = 1/τ is learned there, from 1/0.07 = 14.3 and at \
         most 100",
    )],
};

pub(super) const NT_XENT: Known = Known {
    aliases: &[taken("simclr", "SimCLR's loss; SimCLR's own code sums the two views and gives 2L")],
    relations: &[
        relation("SimCLR's code, objective.py", "2L: loss_a + loss_b, each a mean over n rows"),
        relation(
            "PyTorch Metric Learning NTXentLoss",
            "the same where each label is that of one pair; with more positives each pair leaves the others out of its \
             denominator",
        ),
        relation("lightly NTXentLoss", "the same, with the same default τ = 0.5"),
        relation("SupContrast SupConLoss without labels", "(τ/0.07) L: 7.14 L at τ = 0.5"),
    ],
};

pub(super) const DCL: Known = Known {
    aliases: &[also("decoupled"), also("decoupled-contrastive"), also("decoupled-contrastive-learning")],
    relations: &[relation("Decoupled-Contrastive-Learning, DCL", "one direction a call: DCL(x, y) + DCL(y, x) is 2L")],
};

pub(super) const SUP_CON: Known = Known {
    aliases: &[also("sup-contrast"), also("supervised-contrastive"), also("sup-con-out")],
    relations: &[
        relation(
            "SupContrast SupConLoss, the authors' code",
            "(τ/0.07) L, by its base_temperature: 1.43 L at τ = 0.1, and L at its own default τ = 0.07",
        ),
        relation("PyTorch Metric Learning SupConLoss", "the same"),
    ],
};

pub(super) const ALL_POSITIVES: Known = Known {
    aliases: &[taken("sup-con-in", "Khosla et al.'s L_in is L plus the mean of log |P(i)|, with the same gradient")],
    relations: &[relation(
        "Khosla et al. 2020, L_in",
        "L plus the mean of log |P(i)|, P(i) the positives of row i: the same gradient",
    )],
};

pub(super) const ONE_POSITIVE: Known = Known { aliases: &[], relations: &[] };

pub(super) const SIGLIP: Known = Known {
    aliases: &[also("sigmoid"), also("sigmoid-contrastive")],
    relations: &[relation(
        "big_vision, open_clip SigLipLoss",
        "the same with exp(t') = logit_scale = 1/τ and logit_bias = b; both are learned there, from t' = log 10, which is \
         τ = 0.1, and b = −10",
    )],
};

pub(super) const TRIPLET: Known = Known {
    aliases: &[
        taken("face-net", "FaceNet's loss of squared distances with margin 2m is 2L"),
        taken("triplet-margin", "cosines and not distances of raw vectors, as PyTorch's TripletMarginLoss has them"),
    ],
    relations: &[
        relation("FaceNet", "‖a − p‖² − ‖a − n‖² + α of unit vectors: 2L at α = 2m, as a mean over all triplets"),
        relation(
            "PyTorch TripletMarginWithDistanceLoss, distance 1 − cos",
            "the same margin m and the same value per triplet",
        ),
        relation("PyTorch TripletMarginLoss", "distances of raw vectors, not squared: no factor relates the two"),
    ],
};

pub(super) const ALIGN_UNIFORM: Known = Known {
    aliases: &[
        also("alignment-uniformity"),
        also("align-uniformity"),
        also("align-and-uniform"),
        also("alignment-and-uniformity"),
    ],
    relations: &[relation(
        "Wang and Isola's align_loss and uniform_loss",
        "the same: a align_loss(x, y, alpha=2) + w [uniform_loss(x, t) + uniform_loss(y, t)]/2",
    )],
};
