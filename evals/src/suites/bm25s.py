# Prints how long bm25s takes for each query, in milliseconds, as a JSON list.
import json, sys, time
import bm25s, Stemmer
folder, hits = sys.argv[1], int(sys.argv[2])
corpus = [json.loads(line) for line in open(folder + "/corpus.jsonl")]
queries = [json.loads(line) for line in open(folder + "/queries.jsonl")]
stemmer = Stemmer.Stemmer("english")
retriever = bm25s.BM25()
retriever.index(bm25s.tokenize(corpus, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
def ask(query):
    tokens = bm25s.tokenize(query, stopwords="en", stemmer=stemmer, show_progress=False)
    return retriever.retrieve(tokens, k=hits, show_progress=False)
times = []
for query in queries[:20]:
    ask(query)
for query in queries:
    begun = time.perf_counter()
    ask(query)
    times.append((time.perf_counter() - begun) * 1e3)
print(json.dumps(times))
