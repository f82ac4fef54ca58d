//! The tree of resident prefixes: which tokens are in the KV cache, each counted once.
//!
//! A radix tree. A node is a run of tokens whose cells were computed together; a
//! sequence is a path from the root, given by the node it ends in. Sequences that
//! share a prefix share its nodes, as they share its cells: nothing is copied until
//! they go different ways, and a node goes when its last holder does. Two sequences
//! that computed the same tokens apart have a node each, since they have cells each.

/// A node, as a place in the tree's table. Stays valid while a sequence ends in it.
pub type NodeId = usize;

/// The node every path starts from: no tokens, never removed.
pub const ROOT: NodeId = 0;

#[derive(Debug, Default)]
struct Node {
    parent: NodeId,
    children: Vec<NodeId>,
    tokens: Vec<i32>,
    /// Sequences whose path goes through here.
    holders: usize,
}

/// The tree.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    vacant: Vec<NodeId>,
    cells: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            vacant: Vec::new(),
            cells: 0,
        }
    }
}

impl Tree {
    /// Cells in use: every resident token once, however many sequences hold it.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The longest resident prefix of `tokens`: how many of them, and the node in
    /// which it ends (perhaps in the middle).
    pub fn longest(&self, tokens: &[i32]) -> (usize, NodeId) {
        let (mut best, mut found) = (0, ROOT);
        // Siblings may begin alike, so every branch that matches is followed.
        let mut open = vec![(ROOT, 0)];
        while let Some((node, depth)) = open.pop() {
            for &child in &self.nodes[node].children {
                let run = &self.nodes[child].tokens;
                let same = common_prefix(run, &tokens[depth..]);
                if depth + same > best {
                    (best, found) = (depth + same, child);
                }
                if same == run.len() {
                    open.push((child, depth + same));
                }
            }
        }
        (best, found)
    }

    /// Makes a sequence of the first `len` tokens on the way to `node`, which has at
    /// least as many. Returns the node it ends in.
    pub fn share(&mut self, node: NodeId, len: usize) -> NodeId {
        let tail = self.cut(node, len);
        let mut at = tail;
        while at != ROOT {
            self.nodes[at].holders += 1;
            at = self.nodes[at].parent;
        }
        tail
    }

    /// Adds tokens computed for the sequence that ends in `tail`, and returns its new
    /// end.
    pub fn extend(&mut self, tail: NodeId, tokens: &[i32]) -> NodeId {
        if tokens.is_empty() {
            return tail;
        }
        self.cells += tokens.len();
        let node = &mut self.nodes[tail];
        if tail != ROOT && node.holders == 1 && node.children.is_empty() {
            node.tokens.extend_from_slice(tokens);
            return tail;
        }
        self.insert(Node {
            parent: tail,
            children: Vec::new(),
            tokens: tokens.to_vec(),
            holders: 1,
        })
    }

    /// Shortens the sequence that ends in `tail` to its first `len` tokens.
    pub fn truncate(&mut self, tail: NodeId, len: usize) -> NodeId {
        let end = self.cut(tail, len);
        let mut at = tail;
        while at != end {
            at = self.let_go(at);
        }
        end
    }

    /// Ends the sequence that ends in `tail`.
    pub fn release(&mut self, tail: NodeId) {
        self.truncate(tail, 0);
    }

    /// Tokens at the end of the sequence that no other holds.
    pub fn private(&self, tail: NodeId) -> usize {
        self.path(tail)
            .take_while(|&at| self.nodes[at].holders == 1)
            .map(|at| self.nodes[at].tokens.len())
            .sum()
    }

    /// The tokens of the sequence that ends in `tail`.
    pub fn tokens(&self, tail: NodeId) -> Vec<i32> {
        let path: Vec<NodeId> = self.path(tail).collect();
        let runs = path
            .iter()
            .rev()
            .map(|&at| self.nodes[at].tokens.as_slice());
        runs.collect::<Vec<_>>().concat()
    }

    /// Whether the sequence that ends in `tail` goes through `node`.
    pub fn passes(&self, tail: NodeId, node: NodeId) -> bool {
        self.path(tail).any(|at| at == node)
    }

    /// The nodes from `tail` up, without the root.
    fn path(&self, tail: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        std::iter::successors(Some(tail), |&at| Some(self.nodes[at].parent))
            .take_while(|&at| at != ROOT)
    }

    fn depth(&self, tail: NodeId) -> usize {
        self.path(tail).map(|at| self.nodes[at].tokens.len()).sum()
    }

    /// The node on the way to `node` that ends after exactly `len` tokens, divided
    /// from what follows if need be.
    fn cut(&mut self, node: NodeId, len: usize) -> NodeId {
        let (mut at, mut end) = (node, self.depth(node));
        debug_assert!(len <= end, "a path of {end} tokens has no {len}th");
        while at != ROOT {
            let start = end - self.nodes[at].tokens.len();
            if len == end {
                return at;
            }
            if len > start {
                return self.split(at, len - start);
            }
            (at, end) = (self.nodes[at].parent, start);
        }
        ROOT
    }

    /// Gives the first `len` tokens of `node` to a new node above it. Sequences that
    /// end in `node` still do.
    fn split(&mut self, node: NodeId, len: usize) -> NodeId {
        let parent = self.nodes[node].parent;
        let rest = self.nodes[node].tokens.split_off(len);
        let head = std::mem::replace(&mut self.nodes[node].tokens, rest);
        let holders = self.nodes[node].holders;
        self.nodes[parent].children.retain(|&child| child != node);
        let above = self.insert(Node {
            parent,
            children: vec![node],
            tokens: head,
            holders,
        });
        self.nodes[node].parent = above;
        above
    }

    /// One holder less for `node`; returns its parent.
    fn let_go(&mut self, node: NodeId) -> NodeId {
        let parent = self.nodes[node].parent;
        self.nodes[node].holders -= 1;
        if self.nodes[node].holders == 0 {
            // Whoever holds a child holds its parent, so there are none.
            debug_assert!(self.nodes[node].children.is_empty());
            self.cells -= self.nodes[node].tokens.len();
            self.nodes[node] = Node::default();
            self.nodes[parent].children.retain(|&child| child != node);
            self.vacant.push(node);
        }
        parent
    }

    fn insert(&mut self, node: Node) -> NodeId {
        let parent = node.parent;
        let id = match self.vacant.pop() {
            Some(id) => {
                self.nodes[id] = node;
                id
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.nodes[parent].children.push(id);
        id
    }
}

/// How many tokens `a` and `b` begin with in common.
pub fn common_prefix(a: &[i32], b: &[i32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sequences_share_what_they_begin_with() {
        let mut tree = Tree::default();
        let a = tree.extend(ROOT, &[1, 2, 3, 4]);
        assert_eq!(tree.longest(&[1, 2, 9]), (2, a));
        let shared = tree.share(a, 2);
        let b = tree.extend(shared, &[9]);
        assert_eq!(tree.cells(), 5);
        assert_eq!((tree.private(a), tree.private(b)), (2, 1));
        assert_eq!(tree.tokens(b), [1, 2, 9]);
        tree.release(a);
        assert_eq!((tree.cells(), tree.private(b)), (3, 3));
        assert_eq!(tree.longest(&[1, 2, 3]).0, 2);
        tree.release(b);
        assert_eq!((tree.cells(), tree.longest(&[1]).0), (0, 0));
    }

    /// What the tree is for, without a tree: each sequence a list of cell numbers.
    #[derive(Default)]
    struct Model {
        cells: Vec<i32>,
        sequences: Vec<Vec<usize>>,
    }

    impl Model {
        fn used(&self) -> usize {
            let mut used: Vec<usize> = self.sequences.concat();
            used.sort_unstable();
            used.dedup();
            used.len()
        }

        fn private(&self, i: usize) -> usize {
            let others = |cell: &usize| {
                let mut rest = self.sequences.iter().enumerate().filter(|(j, _)| *j != i);
                rest.any(|(_, cells)| cells.contains(cell))
            };
            self.sequences[i]
                .iter()
                .rev()
                .take_while(|cell| !others(cell))
                .count()
        }
    }

    proptest! {
        #[test]
        fn a_tree_is_a_list_of_cells(steps in prop::collection::vec((0usize..4, 0u8..4, prop::collection::vec(0i32..2, 1..5), 0usize..9), 1..60)) {
            let mut tree = Tree::default();
            let mut tails = [ROOT; 4];
            let mut model = Model { sequences: vec![Vec::new(); 4], ..Model::default() };
            for (i, what, tokens, n) in steps {
                match what {
                    // Placed anew on whatever is resident of `tokens`.
                    0 => {
                        let (len, node) = tree.longest(&tokens);
                        let longest = model.sequences.iter().map(|cells| {
                            let own: Vec<i32> = cells.iter().map(|&cell| model.cells[cell]).collect();
                            common_prefix(&own, &tokens)
                        }).max().unwrap();
                        prop_assert_eq!(len, longest);
                        let from = (0..4).find(|&j| tree.passes(tails[j], node));
                        let tail = tree.share(node, len);
                        tree.release(tails[i]);
                        tails[i] = tail;
                        model.sequences[i] = from.map_or(Vec::new(), |j| model.sequences[j][..len].to_vec());
                    }
                    1 | 2 => {
                        tails[i] = tree.extend(tails[i], &tokens);
                        for token in tokens {
                            model.sequences[i].push(model.cells.len());
                            model.cells.push(token);
                        }
                    }
                    _ => {
                        let len = n.min(model.sequences[i].len());
                        tails[i] = tree.truncate(tails[i], len);
                        model.sequences[i].truncate(len);
                    }
                }
                prop_assert_eq!(tree.cells(), model.used());
                for (j, &tail) in tails.iter().enumerate() {
                    let own: Vec<i32> = model.sequences[j].iter().map(|&cell| model.cells[cell]).collect();
                    prop_assert_eq!(tree.tokens(tail), own);
                    prop_assert_eq!(tree.private(tail), model.private(j));
                }
            }
        }
    }
}
