// Puts attention and products of this crate in the place of llama.cpp's own on the CPU.
//
// llama.cpp lets kinds of buffers that hold weights in layouts of their own compute the
// operations on them. These are two such kinds, without buffers: each takes over one operation,
// wherever its operands lie. What is declared here is as in traits.h, ggml-cpu-impl.h and
// ggml-backend-impl.h of the pinned release, which are not installed: attention/check.rs asks for
// that release before this is used; each kind is tried on a small operation afterwards.

#include <climits>
#include <cstddef>
#include <vector>

struct ggml_tensor;
struct ggml_threadpool;
struct ggml_backend_device;
struct ggml_backend_buffer_type;

struct ggml_compute_params {
    int ith, nth;
    size_t wsize;
    void * wdata;
    ggml_threadpool * threadpool;
    bool use_ref;
};

struct ggml_backend_buffer_type {
    const char * (*get_name)(ggml_backend_buffer_type *);
    void * others[7];
    ggml_backend_device * device;
    void * context;
};

namespace ggml::cpu {

class tensor_traits {
  public:
    virtual ~tensor_traits();
    virtual bool work_size(int n_threads, const ggml_tensor * op, size_t & size) = 0;
    virtual bool compute_forward(ggml_compute_params * params, ggml_tensor * op) = 0;
};

class extra_buffer_type {
  public:
    virtual ~extra_buffer_type();
    virtual bool supports_op(ggml_backend_device * device, const ggml_tensor * op) = 0;
    virtual tensor_traits * get_tensor_traits(const ggml_tensor * op) = 0;
};

}  // namespace ggml::cpu

std::vector<ggml_backend_buffer_type *> & ggml_backend_cpu_get_extra_buffer_types();

extern "C" {

void ggml_barrier(ggml_threadpool * pool);
void ggml_threadpool_chunk_set(ggml_threadpool * pool, int value);
int ggml_threadpool_chunk_add(ggml_threadpool * pool, int value);

// In attention/mod.rs.
bool quipu_attention_takes(const ggml_tensor * op);
bool quipu_attention_wanted();
int quipu_attention_parts(const ggml_tensor * op, int threads);
void quipu_attention_compute(const ggml_tensor * op, int threads, int part);

// In products/mod.rs.
bool quipu_product_takes(const ggml_tensor * op);
size_t quipu_product_bytes(const ggml_tensor * op);
void quipu_product_prepare(const ggml_tensor * op, void * room, int threads, int thread);
int quipu_product_parts(const ggml_tensor * op);
void quipu_product_compute(const ggml_tensor * op, const void * room, int part);
}

namespace {

struct Attention : ggml::cpu::tensor_traits {
    bool work_size(int, const ggml_tensor *, size_t &) override { return false; }

    // Called by each thread. They take parts until none is left, as they do of a product.
    // The first thread is the one that called llama.cpp: it alone knows for which context,
    // and tells the others by where the count of parts begins.
    bool compute_forward(ggml_compute_params * params, ggml_tensor * op) override {
        constexpr int DECLINED = INT_MIN / 2;
        if (params->ith == 0) {
            ggml_threadpool_chunk_set(params->threadpool, quipu_attention_wanted() ? 0 : DECLINED);
        }
        ggml_barrier(params->threadpool);
        int part = ggml_threadpool_chunk_add(params->threadpool, 1);
        if (part < 0) {
            // llama.cpp sets the same count next: not before all threads have read it.
            ggml_barrier(params->threadpool);
            return false;
        }
        const int parts = quipu_attention_parts(op, params->nth);
        for (; part < parts; part = ggml_threadpool_chunk_add(params->threadpool, 1)) {
            quipu_attention_compute(op, params->nth, part);
        }
        return true;
    }
};

struct Product : ggml::cpu::tensor_traits {
    // llama.cpp's own size is enough: it has the same numbers to put there.
    bool work_size(int, const ggml_tensor *, size_t &) override { return false; }

    // Called by each thread: first they write the other factor as the product wants it.
    bool compute_forward(ggml_compute_params * params, ggml_tensor * op) override {
        if (params->wsize < quipu_product_bytes(op)) {
            return false;
        }
        quipu_product_prepare(op, params->wdata, params->nth, params->ith);
        if (params->ith == 0) {
            ggml_threadpool_chunk_set(params->threadpool, params->nth);
        }
        ggml_barrier(params->threadpool);
        const int parts = quipu_product_parts(op);
        for (int part = params->ith; part < parts; part = ggml_threadpool_chunk_add(params->threadpool, 1)) {
            quipu_product_compute(op, params->wdata, part);
        }
        return true;
    }
};

template <typename Traits, bool (*takes)(const ggml_tensor *)>
struct Kind : ggml::cpu::extra_buffer_type {
    Traits traits;

    bool supports_op(ggml_backend_device *, const ggml_tensor *) override { return false; }

    ggml::cpu::tensor_traits * get_tensor_traits(const ggml_tensor * op) override {
        return takes(op) ? &traits : nullptr;
    }
};

}  // namespace

// Each of these is to be called once, while nothing is loaded or computed.

extern "C" void quipu_attention_install() {
    static Kind<Attention, quipu_attention_takes> kind;
    static ggml_backend_buffer_type type = {
        [](ggml_backend_buffer_type *) { return "quipu attention"; }, {}, nullptr, &kind,
    };
    ggml_backend_cpu_get_extra_buffer_types().push_back(&type);
}

extern "C" void quipu_product_install() {
    static Kind<Product, quipu_product_takes> kind;
    static ggml_backend_buffer_type type = {
        [](ggml_backend_buffer_type *) { return "quipu products"; }, {}, nullptr, &kind,
    };
    ggml_backend_cpu_get_extra_buffer_types().push_back(&type);
}
