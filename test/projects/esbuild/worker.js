import "deberta-webgpu/worker-thread";
