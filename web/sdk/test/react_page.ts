// A page of a shop with React, which a test bundles: strict, so that React mounts each component twice.

import { createElement, createRef, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { CardFields, FinCore, PayWithPayPal, PayWithPayPalOptions } from "../src/public.js";
import { FinCoreCardFields, FinCorePayPal } from "../src/react.js";

/** Shows card fields for an amount; events go to `heard`. */
export function show(fincore: FinCore, place: Element, heard: unknown[]) {
  const root = createRoot(place);
  const fieldsRef = createRef<CardFields>();
  return {
    fieldsRef,
    amount: (amount_minor: number): void => {
      const onReady = (): void => void heard.push(["ready", amount_minor]);
      const onChange = ({ complete }: { complete: boolean }): void => void heard.push(["change", amount_minor, complete]);
      const props = { fincore, amount_minor, currency: "usd", title: "Karte", fieldsRef, onReady, onChange };
      root.render(createElement(StrictMode, null, createElement(FinCoreCardFields, props)));
    },
    leave: (): void => root.unmount(),
  };
}

/** Shows PayPal's button for an amount; results go to `heard`, each with the amount of the render that hears it. */
export function showPayPal(
  fincore: FinCore,
  place: Element,
  heard: unknown[],
  charge: (amount_minor: number, ...wallet: Parameters<PayWithPayPalOptions["createCharge"]>) => ReturnType<PayWithPayPalOptions["createCharge"]>,
) {
  const root = createRoot(place);
  const buttonRef = createRef<PayWithPayPal>();
  return {
    buttonRef,
    amount: (amount_minor: number): void => {
      const onReady = (): void => void heard.push(["ready", amount_minor]);
      const onResult = ({ status }: { status?: string | undefined }): void => void heard.push([status, amount_minor]);
      const props: Parameters<typeof FinCorePayPal>[0] = {
        fincore,
        amount_minor,
        currency: "usd",
        buttonRef,
        createCharge: (wallet) => charge(amount_minor, wallet),
        onReady,
        onResult,
      };
      root.render(createElement(StrictMode, null, createElement(FinCorePayPal, props)));
    },
    leave: (): void => root.unmount(),
  };
}

Object.assign(window, { show, showPayPal });
