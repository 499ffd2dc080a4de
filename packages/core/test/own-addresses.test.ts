import { describe, expect, it } from "vitest";
import { networkInterfaces } from "node:os";
import { createOwnAddresses } from "../src/own-addresses.ts";

describe("createOwnAddresses", () => {
  it("knows every address of this machine's interfaces, and no other", () => {
    const isOwn = createOwnAddresses();
    const addresses = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
    expect(addresses.map(({ address }) => address).filter((address) => !isOwn(address))).toEqual([]);
    expect(["8.8.8.8", "2606:4700::1", "localhost", ""].filter(isOwn)).toEqual([]);
  });

  it("knows an address in every spelling", () => {
    const interfaces = () => ({ eth0: [{ address: "fe80::1%eth0" }, { address: "2606:4700::9" }], gone: undefined });
    const isOwn = createOwnAddresses({ interfaces, monotonic: () => 0 });
    expect(["2606:4700::9", "2606:4700:0:0:0:0:0:9", "fe80::1"].map(isOwn)).toEqual([true, true, true]);
  });

  it("reads the interfaces again after 5 s, and once in between", () => {
    let now = 0;
    let address = "203.0.114.9";
    let reads = 0;
    const interfaces = () => {
      reads += 1;
      return { eth0: [{ address }] };
    };
    const isOwn = createOwnAddresses({ interfaces, monotonic: () => now });
    expect([isOwn("203.0.114.9"), isOwn("203.0.114.10"), reads]).toEqual([true, false, 1]);
    address = "203.0.114.10";
    now = 4_999;
    expect([isOwn("203.0.114.10"), reads]).toEqual([false, 1]);
    now = 5_000;
    expect([isOwn("203.0.114.10"), isOwn("203.0.114.9"), reads]).toEqual([true, false, 2]);
  });

  it("keeps what it knew where the platform does not tell", () => {
    let now = 0;
    const interfaces = () => {
      if (now > 0) throw new Error("uv_interface_addresses returned an error");
      return { eth0: [{ address: "203.0.114.9" }] };
    };
    const isOwn = createOwnAddresses({ interfaces, monotonic: () => now });
    expect(isOwn("203.0.114.9")).toBe(true);
    now = 60_000;
    expect(isOwn("203.0.114.9")).toBe(true);
    now = 1;
    const blind = createOwnAddresses({ interfaces, monotonic: () => now });
    expect(blind("203.0.114.9")).toBe(false);
  });
});
