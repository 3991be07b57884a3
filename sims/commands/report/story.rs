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
                   length. So an embedding of twice the length gets half the gradient, and must travel twice as far to rotate \
                   by the same angle: each step makes a quarter of the progress. Here random pairs descend from a range \
                   of norms until they agree, and their steps are counted in three ways that share no code: with whole \
                   vectors, with a recursion of one angle per pair, and from a closed form that takes no step at all. \
                   At the paper's setting the counts that its authors published are laid beside them.",
            finding: "Yes, under plain descent with small steps: twice the norm takes four times the steps, and a closed form gives the \
                      count before the run.",
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
            finding: "Under plain descent with small steps they grow as ln tan(φ/2) with the initial angle, without limit towards opposite \
                      directions.",
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
            finding: "For a pair under plain descent, exactly as it can be too large: one step suffices at ‖z‖² = γ(1 + cos φ), and far from \
                      it on either side steps grow.",
        },
    ),
    (
        "unequal-norms",
        Story {
            question: "Which member moves when the two members of a pair differ in length?",
            text: "The gradients of both members have the factor sin φ, but each is divided by the member's own length, \
                   and so is the rotation that it causes. The short member therefore rotates more: as steps \
                   get small, the total rotations are in the ratio of the squared norms, the other way round. Holding one \
                   member still, as methods with a stop-gradient do, is the limit of an infinitely long partner.",
            finding: "The short member rotates more: as steps get small, the total rotations are in the inverse ratio of the squared norms.",
        },
    ),
    (
        "norm-growth",
        Story {
            question: "Do norms stay as they were?",
            text: "The gradient of a cosine is orthogonal to the embedding. A step along a tangent leads away from the \
                   sphere, so under plain gradient descent the norms of free embeddings can only grow, and growing norms slow \
                   the steps that follow. Here pairs converge and the length they gain is compared with the loss they lose; then \
                   embeddings chase targets that never settle, where the growth goes on as the fourth root of the number \
                   of updates.",
            finding: "Under plain descent, norms of free embeddings only grow: by the loss that is removed for pairs that settle, as a \
                      fourth root for those that do not.",
        },
    ),
    (
        "sphere-trajectories",
        Story {
            question: "What does it look like?",
            text: "Gradient descent moves a pair of embeddings in the plane that it spans, whatever the dimension: on the \
                   sphere both members follow one great circle. Drawn here are the same pairs in three dimensions from \
                   three norms, with a dot after each step. Embeddings that are too short pass each other and have to \
                   come back, those of the best norm meet in one step, and long ones approach in many small ones.",
            finding: "Under plain descent pairs follow great circles: short ones overshoot, those of the best norm meet in one step.",
        },
    ),
    (
        "optimizer-laws",
        Story {
            question: "Does the optimizer change the norm effect?",
            text: "It decides how strong the effect is. Every update rule has one degree h, so that multiplying embeddings \
                   by c and the learning rate by c to the power h changes no direction, at any step. For plain gradient \
                   descent and momentum h is 2; for Adam and for rules that use only the sign or the direction of a \
                   gradient it is 1; for rules that scale their step with the norm, such as LARS, it is 0. Here each \
                   optimizer aligns the same pairs from a range of norms, and the exponent with which its steps grow is \
                   fitted where its own memory no longer matters.",
            finding: "Yes: once its memory no longer matters, steps grow as the square of the norm, in proportion to it, or not at all, as \
                      the degree says, and for AdaGrad as twice its degree says.",
        },
    ),
    (
        "gradscale",
        Story {
            question: "Can the norm effect be switched off?",
            text: "GradScale multiplies the gradient of an embedding by a power p of its norm. That changes the degree of \
                   gradient descent from 2 to 2 − p: the effect is halved at p = 1, gone at p = 2, and reversed \
                   beyond, where long embeddings are the fast ones. Here pairs descend under several powers, and the \
                   exponents are compared with that prediction.",
            finding: "Yes, for free embeddings: with gradients multiplied by ‖z‖ to the power p, small plain steps grow in number as the norm \
                      to the power 2 − p.",
        },
    ),
    (
        "adam-epsilon",
        Story {
            question: "Is Adam safe from the norm effect?",
            text: "Adam divides a gradient by its own recent size, so that half the gradient gives the same step; only the \
                   longer way remains. But it adds a small ε to what it divides by. Gradients shrink with the norm, and \
                   where they get as small as ε, Adam becomes plain descent with momentum. Here the exponent of the \
                   steps is measured against the product of ε and the norm.",
            finding: "Only while gradients are large beside ε: then steps grow with the norm, and beyond with its square.",
        },
    ),
    (
        "contrastive-losses",
        Story {
            question: "Does it hold for the losses that people train with?",
            text: "InfoNCE, NT-Xent, triplets and their relatives pull and push many embeddings at once, and no closed \
                   form counts their steps. But all of them see directions only, so their gradients are divided by the \
                   norm like that of a single cosine. Here the same embeddings descend each loss from several norms to \
                   one level of the loss. The steps are compared with the square of the norm, the gradients with closed \
                   forms, and the growth of norms with the loss that was spent.",
            finding: "Yes: for every loss of cosines tried, under plain descent with small steps, twice the norm takes four times the steps.",
        },
    ),
    (
        "weight-decay",
        Story {
            question: "Where do norms settle?",
            text: "Gradients lengthen embeddings, weight decay shortens them. Under targets that never settle the two \
                   balance at a norm that depends on the learning rate, the decay and how often an embedding is updated, \
                   but not on where it began. There each step turns an embedding by an angle that the learning rate and \
                   the decay alone decide. Here embeddings are followed until they settle, for several optimizers, and \
                   both are compared with closed forms.",
            finding: "Under decay and targets that never settle, at an equilibrium that closed forms give, whatever the norm was at first.",
        },
    ),
    (
        "rate-decay-equivalence",
        Story {
            question: "Are learning rate and weight decay two knobs or one?",
            text: "Multiplying the learning rate by some factor can be undone by dividing the weight decay by it and \
                   rescaling the embeddings, so that every direction stays as it was. For which optimizers this is exact, \
                   and with what power, follows from their degree. Here runs with both changed together are compared \
                   with the original, bit for bit where that is possible.",
            finding: "For free embeddings one: changed together as the degree of the optimizer says, they change no direction.",
        },
    ),
    (
        "orthogonality",
        Story {
            question: "What is left of orthogonality when a network is trained?",
            text: "Everything so far spoke of embeddings that are free to move. A network moves all of its embeddings with \
                   the same parameters, so the pull on one input drags the others along, also towards the origin and away \
                   from it. Here one condition after another is given up: first the embeddings share a linear map, then a \
                   perceptron, then there is momentum, then weight decay. Every displacement is split into its part along \
                   the embedding and the rest.",
            finding: "Of embeddings, nothing, once parameters are shared or momentum or decay is added; under plain descent it moves to the \
                      parameters of the last layer.",
        },
    ),
    (
        "class-imbalance",
        Story {
            question: "Are rare classes short?",
            text: "A network that has seen much of one class and little of another may be surer of the first, and the paper \
                   reads that from the norms: the more frequent a class, the longer its embeddings. Here its simulation is \
                   repeated with many more seeds, and the most frequent class is compared with the rarest in each of \
                   them, before training and along it. The inputs, the untrained network and a training on permuted \
                   labels show what there is without learning.",
            finding: "On the average over seeds, yes, and through training; but five seeds do not show it reliably.",
        },
    ),
    (
        "local-density",
        Story {
            question: "Are embeddings of sparse regions short?",
            text: "Where data are sparse, neighbours are far, and the paper finds norms to be small there. But dividing by a \
                   small norm moves neighbours apart, whatever the network knows. Here norms are correlated with the \
                   distance to the tenth neighbour before training too, within classes, and with neighbours among the \
                   points as they were before the network saw them, where nothing is divided by the norm.",
            finding: "Within classes yes, and part of it is learned; but what shows over all points is there without any training.",
        },
    ),
    (
        "latent-space",
        Story {
            question: "What does training do to an embedding space?",
            text: "Embeddings in three dimensions can be looked at with their norms. Here eight classes are drawn before and \
                   after training, with the mean of each, and the norm of every embedding is held against its angle to \
                   the mean of its class.",
            finding: "In this setting classes move to directions of their own, all around the origin.",
        },
    ),
    (
        "confidence",
        Story {
            question: "What does a norm know of an image?",
            text: "An encoder learns handwritten digits without being told which is which: two distorted views of an image \
                   should agree, and differ from all others. Nothing in that asks for norms, yet norms end up as a sign of \
                   how sure the network is. Here they are held against the neighbourhood of each image, and against whether \
                   it shows a digit that training never saw. Much of this could come from elsewhere, so the same is asked \
                   of the network before its training, of the images' own brightness, and of images that were merely held \
                   out. The results are given digit by digit, as not all of them agree.",
            finding: "After training, short embeddings mark sparse and mixed regions, and most digits that were never seen.",
        },
    ),
    (
        "levers",
        Story {
            question: "When does it help to shorten embeddings?",
            text: "Three levers act on norms: dividing the initial parameters by some factor, multiplying gradients by a power \
                   of the norm, and weight decay. Where every embedding has its own parameters, a best first step is known. \
                   In a network parameters are shared, so here the angle that the first step turns embeddings by is \
                   measured, and laid beside the epochs that training takes to a given accuracy: for digits and for a \
                   mixture on the sphere, with negatives and without, at one learning rate for all and at one tuned for each \
                   lever. Networks with batch normalization throughout, the paper's own kind, are cut as well, under SimCLR, \
                   SimSiam and BYOL.",
            finding: "Mostly where the first step rotates embeddings too little for the learning rate; without biases a cut is a \
                      learning rate in disguise, and a larger rate does the same.",
        },
    ),
    (
        "cut-rate",
        Story {
            question: "Is a cut initialization more than a learning rate?",
            text: "Dividing all initial parameters by a factor is one of the paper's levers. In many networks the loss does not \
                   change when all parameters are multiplied by one number; for these a cut changes nothing but how far a \
                   step goes. Here networks of many kinds are trained twice on the same batches, once cut and once whole at \
                   another learning rate, and every direction and loss is compared. The theory says from the layers alone \
                   which of them must agree.",
            finding: "No, without biases or with batch normalization throughout: there a cut is the learning rate times a \
                      power of it, and nothing under LARS; where biases stand alone it is another training.",
        },
    ),
    (
        "one-step-rate",
        Story {
            question: "Which learning rate?",
            text: "A pair of embeddings is aligned by a step that rotates each member by half of their angle, and the angle of a \
                   small step is proportional to the learning rate. So one step at any small rate says which rate would be right. \
                   In a network that is no theorem. Here networks of five kinds take one step under four rules, from rates over \
                   five decades, and the rate that it advises is held against a sweep of many trainings, a range test of a \
                   hundred steps, and leaving the rate as it is. Where a step tells nothing, no rate is advised.",
            finding: "Mostly a few times the one that would align a free pair, by a factor for each rule. Measured in one step, it \
                      is within a factor of three of a rate as good as the best, and in most cells of the best itself, more \
                      surely than a range test, in short trainings. Not for SimSiam, and not where embeddings start nearly collapsed.",
        },
    ),
    (
        "specificity",
        Story {
            question: "Do norms say how often something was seen, and how sure it is?",
            text: "An embedding whose positives disagree keeps a gradient however well it is placed, and persistent gradients \
                   lengthen. So free embeddings have a law: longer with frequency, and shorter the better their positives \
                   agree, which is the opposite of what norms of encoders are known for. Here free embeddings are held \
                   against that law under several rules, with decay and without, with negatives and without. Then their \
                   conditions are relaxed one at a time, towards a network that embeds both sides of a pair, to see where \
                   the sign turns.",
            finding: "Yes, but with opposite signs: a free embedding is longer where its positives disagree, and under AdamW norms \
                      say nothing; once a map is shared and its inputs scatter as their positives do, what disagrees is shorter.",
        },
    ),
];
