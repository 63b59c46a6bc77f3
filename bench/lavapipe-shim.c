// Stands in for Chromium's libvk_swiftshader.so: hands every Vulkan call to the system's loader, and so to Mesa's lavapipe, but
// reports SwiftShader's ids, as Chromium accepts no other processor as an adapter. A measuring rig, built by lavapipe.mjs.
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

typedef void (*Function)(void);
typedef Function (*GetProcAddr)(void *instance, const char *name);
typedef void (*GetProperties)(void *device, uint32_t *properties);

static GetProperties properties1, properties2;

// VkPhysicalDeviceProperties: apiVersion, driverVersion, vendorID, deviceID, deviceType (4: a processor).
static void mark(uint32_t *properties) {
  properties[2] = 0x1AE0;
  properties[3] = 0xC0DE;
  properties[4] = 4;
}

static void marked1(void *device, uint32_t *out) {
  properties1(device, out);
  mark(out);
}

static void marked2(void *device, uint32_t *out) {
  properties2(device, out);
  mark(out + 4); // after sType and pNext
}

__attribute__((visibility("default"))) Function vkGetInstanceProcAddr(void *instance, const char *name) {
  static GetProcAddr real;
  if (!real) {
    void *loader = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!loader || !(real = (GetProcAddr)dlsym(loader, "vkGetInstanceProcAddr"))) return 0;
  }
  Function found = real(instance, name);
  if (!found) return found;
  if (!strcmp(name, "vkGetPhysicalDeviceProperties")) {
    properties1 = (GetProperties)found;
    return (Function)marked1;
  }
  if (!strncmp(name, "vkGetPhysicalDeviceProperties2", 30)) {
    properties2 = (GetProperties)found;
    return (Function)marked2;
  }
  return found;
}
