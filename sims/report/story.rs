//! What each simulation is about, for a reader with ten minutes: by name, so that prose stands in one place.

/// The prose of a simulation.
pub struct Story {
    /// The question that it answers.
    pub question: &'static str,
    /// A few sentences: why one should ask, and how the simulation finds out.
    pub text: &'static str,
    /// What was found, said only where every claim of ours came out as stated.
    pub finding: &'static str,
}

/// The prose of a simulation, if it has some.
pub fn of(simulation: &str) -> Option<&'static Story> {
    STORIES.iter().find(|(name, _)| *name == simulation).map(|(_, story)| story)
}

const STORIES: &[(&str, Story)] = &[
    (
        "norm-effect",
        Story {
            question: "Do long embeddings converge more slowly?",
            text: "Cosine similarity ignores how long an embedding is, but its gradient does not: it is divided by the \
                   length. So an embedding of twice the length gets half the gradient, and needs twice the way to turn \
                   by the same angle: each step makes a quarter of the progress. Here random pairs descend from a range \
                   of norms until they agree, and their steps are counted in three ways that share no code: with whole \
                   vectors, with a recursion of one angle per pair, and from a closed form that takes no step at all. \
                   At the paper's setting the counts that its authors published are laid beside them.",
            finding: "Yes: twice the norm takes four times the steps, and a closed form gives the count before the run.",
        },
    ),
    (
        "one-step-bound",
        Story {
            question: "How much progress can one step make?",
            text: "The paper bounds how far one step can raise the cosine of a pair, by an amount that shrinks with the \
                   squared norm. One step has an exact closed form, so the bound can be compared with the truth \
                   everywhere at once. The difference of the two turns out to be the cosine of the angle after the step, \
                   times something positive: so the bound holds exactly where the pair is acute after the step. It fails \
                   for pairs that start in opposite halves of the sphere and take small steps, and for steps so large \
                   that they overshoot.",
            finding: "The published bound holds exactly where the pair is acute after the step, and fails elsewhere.",
        },
    ),
    (
        "opposite-halves",
        Story {
            question: "What if the two views of a positive pair start far apart?",
            text: "The gradient of the cosine has length sin φ/‖z‖. It vanishes where a pair points in opposite directions, \
                   so the loss is steepest at a right angle and flat exactly where it is largest. Pairs that start in \
                   opposite halves of the sphere therefore spend most of their steps leaving the pole. Here pairs start \
                   at fixed angles, and the steps are compared with the closed form, which grows as ln tan(φ/2): slowly \
                   over most angles, without limit towards the antipode.",
            finding: "Steps grow as ln tan(φ/2) with the initial angle, and without limit towards opposite directions.",
        },
    ),
    (
        "convergence-map",
        Story {
            question: "Can a norm be too small?",
            text: "If long embeddings are slow, it is tempting to shorten them without end. But a step of a very short \
                   embedding overshoots. This map counts the steps of a pair over every initial angle and every step size \
                   relative to the norm. It has an exact symmetry: a norm that is too small by some factor costs just \
                   what one too large by the same factor costs at the mirrored angle. Between the two lies a best norm at \
                   which a single step aligns the pair.",
            finding: "Yes, exactly as it can be too large: steps are fewest at ‖z‖² = γ(1 + cos φ) and grow on both sides.",
        },
    ),
    (
        "unequal-norms",
        Story {
            question: "Who moves when the two members of a pair differ in length?",
            text: "The gradients of both members have the factor sin φ, but each is divided by the member's own length, \
                   and so is the turn that it causes. The short member therefore travels and the long one waits: as steps \
                   get small, the angles turned are in the ratio of the squared norms, the other way round. Holding one \
                   member still, as methods with a stop-gradient do, is the limit of an infinitely long partner.",
            finding: "The short member travels: angles turned are in the inverse ratio of the squared norms.",
        },
    ),
    (
        "norm-growth",
        Story {
            question: "Do norms stay as they were?",
            text: "The gradient of a cosine is orthogonal to the embedding. A step along a tangent leads away from the \
                   sphere, so under plain gradient descent norms can only grow, and growing norms slow the steps that \
                   follow. Here pairs converge and the length they gain is compared with the loss they lose; then \
                   embeddings chase targets that never settle, where the growth goes on as the fourth root of the number \
                   of updates.",
            finding: "Norms only grow: by the loss that is removed for pairs that settle, as a fourth root for those that \
                      do not.",
        },
    ),
    (
        "sphere-trajectories",
        Story {
            question: "What does it look like?",
            text: "A pair of embeddings moves in the plane that it spans, whatever the dimension: on the sphere it follows \
                   a great circle. Drawn here are the paths of a few pairs in three dimensions. Marks are laid at equal \
                   numbers of steps, so that crowded marks mean slow turning: watch long embeddings crawl, and pairs that \
                   start in opposite halves of the sphere hesitate before they leave.",
            finding: "Pairs follow great circles; long embeddings and nearly opposite pairs crawl along them.",
        },
    ),
];
